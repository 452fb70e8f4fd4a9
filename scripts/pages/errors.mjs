// Writes docs/errors.md: the typical mistakes of test/cases/mistakes.ts, each with the error that it gives. With --check nothing is
// written: it fails when the page is not what it would write. Needs a build.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

import { createTestRuntime } from '../../dist/testing.js';

const PAGE = new URL('../../docs/errors.md', import.meta.url);

const INTRO = `# Errors

What comes back when a handler goes wrong. Every error in a result has the same shape, whether it was found while compiling or while executing:

| field | what it is |
| --- | --- |
| \`code\` | what kind of failure it is: the table of codes in the [API reference](api/nexus-runtime.md) |
| \`message\` | for the author of the handler, or the model that wrote it: what failed, with the expression that is at fault |
| \`location\`, \`snippet\` | line and column from 1, as editors count (lines end at LF, CR LF or CR; columns are UTF-16 units), the \`file\` for [a bundle with a source map](handlers.md#errors-of-bundles), and up to five lines of the source with a caret |
| \`name\` | of the error that was thrown: \`TypeError\`, or what the handler's own class calls it |
| \`stack\` | begins with name and message; frames of the handler alone, in the author's lines |
| \`fields\` | the fields that the thrown error has of its own, \`code\` among them: at most 50, of 16 Ki characters each |
| \`cause\`, \`errors\` | of the thrown error, in the same shape, at most 8 deep; of an AggregateError the first 20 |
| \`dropped\` | names of fields that cannot leave the VM or are too large, also of a thrown object that is no error; \`thrown\` where nothing of it can |
| \`context\` | facts for programs: \`limit\`, \`value\`, \`capability\`, \`path\`, \`layer\`; \`remedy\` says what the operator can do |

An error of an extension keeps its name, message and fields on its way into the handler. A field that cannot cross is \`undefined\` there, and the
field \`dropped\` of the error names it. An error enters with at most 1,000 fields, \`code\` and \`cause\` among them; \`dropped\` names some of the
others, and how many more there are.

A returned value that does not match \`schemas.result\` of the call is VALIDATION_ERROR: \`context.issues\` has the path and the message of each
fault, up to 20. An argument that does not match the schema of an extension's method is a \`ValidationError\` at the \`await\`, with the field
\`issues\`. [Schemas and types](schemas.md)

The expression is found in the source, which the artifact holds, when there is an error and not before. It is not looked for in a source of more
than 48 Ki characters, and not named where it does not fit what the engine says; then the message is the engine's own. What a handler itself
reads as \`error.message\` in a \`catch\` is the engine's own as well. An empty loop that runs into its time limit has the place of what stands before it,
and an execution whose worker had to be ended has none.

## Typical mistakes

The line that is at fault, and what the author is told.
`;

/** In a cell, a bar would end it, and a backtick its code. */
const cell = (text) => {
  const escaped = text.replaceAll('|', '\\|').trim();
  return escaped.includes('`') ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
};

async function loadMistakes() {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-mistakes-'));
  try {
    const outfile = join(folder, 'mistakes.mjs');
    const entry = fileURLToPath(new URL('../../test/cases/mistakes.ts', import.meta.url));
    await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', logLevel: 'warning' });
    return (await import(pathToFileURL(outfile).href)).MISTAKES;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const runtime = await createTestRuntime({ cacheDir: false });
let page = INTRO;
for (const { title, cases } of await loadMistakes()) {
  page += `\n### ${title}\n\n| the mistake | the line | the error |\n| --- | --- | --- |\n`;
  for (const { name, source, context, filename } of cases) {
    const { error } = await runtime.executeHandler(source, context, filename === undefined ? {} : { filename });
    if (error?.location === undefined) throw new Error(`${name} has no error with a place`);
    const line = source.split('\n')[error.location.line - 1];
    const shown = line.length > 80 ? `${line.slice(0, 79)}…` : line;
    page += `| ${name} | ${cell(shown)} | ${cell(error.message)} |\n`;
  }
}
await runtime.shutdown();

const before = await readFile(PAGE, 'utf8').catch(() => '');
if (!process.argv.includes('--check')) await writeFile(PAGE, page);
else if (before !== page) {
  console.error('docs/errors.md is out of date; write it again: npm run docs -- errors');
  process.exitCode = 1;
} else console.log('docs/errors.md is up to date');
