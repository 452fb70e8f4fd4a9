import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { REDIS } from '../support/servers/installed.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const guides = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
const migrating = (await readdir(join(root, 'docs/migrating'))).map((name) => `docs/migrating/${name}`);
const documents = ['README.md', 'CONTRIBUTING.md', ...guides.sort(), ...migrating.sort()];
const readme = await readFile(join(root, 'README.md'), 'utf8');

/** A self-reference to `nexus-runtime` works only from inside the package. */
function withEntries(code: string): string {
  return code.replaceAll(/'nexus-runtime(?:\/([\w-]+))?'/g, (_, name = 'index') =>
    JSON.stringify(join(root, 'dist', `${name}.js`)),
  );
}

/** Every program of a document with its output, if the document shows it. */
async function programsOf(document: string): Promise<[title: string, code: string, output: string | undefined][]> {
  const text = await readFile(join(root, document), 'utf8');
  const blocks = text.matchAll(/```js\n(?<code>[\s\S]*?)```(?:\n+(?:prints\n+)?```\n(?<output>[\s\S]*?)```)?/g);
  return [...blocks].map(({ groups }, i) => [
    `${document}, program ${i + 1}`,
    groups?.['code'] ?? '',
    groups?.['output'],
  ]);
}

const programs = (await Promise.all(documents.map(programsOf))).flat();

describe('the documents', () => {
  it('have programs', () => {
    expect(programs.length).toBeGreaterThanOrEqual(23);
  });

  it.each(programs)(
    '%s prints what it says',
    async (_title, code, output) => {
      const folder = await mkdtemp(join(tmpdir(), 'nexus-document-'));
      try {
        // The packages that a program names. The cache is created where the program runs.
        await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
        const { stdout } = await run(process.execPath, ['--input-type=module', '-e', withEntries(code)], {
          cwd: folder,
        });
        expect(stdout.trim()).toBe((output ?? stdout).trim());
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    20_000,
  );

  it('have TypeScript that compiles, strictly', async () => {
    // Inside of the package, so that its name means this package.
    const folder = await mkdtemp(join(root, 'build', 'documents-'));
    try {
      const files: string[] = [];
      for (const document of documents) {
        const text = await readFile(join(root, document), 'utf8');
        for (const { groups } of text.matchAll(/```ts\n(?<code>[\s\S]*?)```/g)) {
          const file = join(folder, `${files.length}-${basename(document, '.md')}.mts`);
          await writeFile(file, groups?.['code'] ?? '');
          files.push(file);
        }
      }
      expect(files.length).toBeGreaterThanOrEqual(3);
      const { NodeNext } = ts.ModuleKind;
      const options = { strict: true, noEmit: true, module: NodeNext, target: ts.ScriptTarget.ES2023, types: ['node'] };
      const found = ts.getPreEmitDiagnostics(ts.createProgram(files, options));
      const format = {
        getCanonicalFileName: (name: string) => name,
        getCurrentDirectory: () => root,
        getNewLine: () => '\n',
      };
      expect(ts.formatDiagnostics(found, format)).toBe('');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it.each(documents)('%s names only scripts that exist', async (document) => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const text = await readFile(join(root, document), 'utf8');
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]);
    for (const script of new Set(named)) expect(Object.keys(scripts)).toContain(script);
  });

  it.each(documents)('%s links only to what exists', async (document) => {
    const text = await readFile(join(root, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      await expect(access(join(root, dirname(document), target)), target).resolves.toBeUndefined();
    }
  });
});

describe('the quick start', () => {
  it('is the first program of the README, and prints what that prints', async () => {
    const [[, code, output] = []] = programs;
    const unindented = (text: string | undefined) => text?.replaceAll(/^ +/gm, '') ?? '';
    const handler = await readFile(join(root, 'examples', 'quick-start', 'handler.js'), 'utf8');
    expect(unindented(code)).toContain(handler);
    const { stdout } = await run(process.execPath, [join(root, 'examples', 'quick-start', 'run.mjs')]);
    expect(stdout).toBe(output);
  }, 20_000);
});

describe('the sales report', () => {
  it('has lodash as a library, and what it must come to', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'examples', 'sales-report', 'run.mjs')]);
    expect(stdout).toContain('PAPER-A4');
  }, 20_000);
});

describe('the demo', () => {
  it('verifies its own results, compiles at the first start and finds everything on disk at the second', async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), 'nexus-demo-'));
    const start = () => run(process.execPath, [join(root, 'examples', 'demo.mjs')], { env: { CACHE_DIR: cacheDir } });
    try {
      const { stdout: first } = await start();
      expect(first).toMatch(/price-order +total €1,617\.61 +compiled/);
      const { stdout: second } = await start();
      expect(second).toMatch(/price-order +total €1,617\.61 +disk/);
      expect(second).toContain('No handler was compiled: all came from disk');
    } finally {
      await rm(cacheDir, { recursive: true, force: true });
    }
  }, 30_000);
});

/** The output of an example. */
async function example(name: string, ...args: string[]): Promise<string> {
  return (await run(process.execPath, [join(root, 'examples', name, 'run.mjs'), ...args])).stdout;
}

describe('every example', () => {
  it('has a README with its command, which knows it', async () => {
    const { stdout: known } = await run(process.execPath, [join(root, 'scripts', 'example.mjs')]);
    const folders = await readdir(join(root, 'examples'), { withFileTypes: true });
    const examples = folders.filter((entry) => entry.isDirectory() && !['data', 'handlers'].includes(entry.name));
    const table = await readFile(join(root, 'examples', 'README.md'), 'utf8');
    expect(examples.length).toBeGreaterThanOrEqual(8);
    for (const { name } of examples) {
      const text = await readFile(join(root, 'examples', name, 'README.md'), 'utf8');
      expect(text).toContain(`npm run example -- ${name}\n`);
      expect(known.split('\n')).toContain(`  ${name}`);
      expect(readme).toContain(`[${name}](examples/${name})`);
      expect(table).toContain(`[${name}](${name})`);
    }
  });
});

describe('the panel', () => {
  it('shows a spinner before the service answers, calls off what is out of date, and survives a refusal', async () => {
    const output = await example('panel');
    expect(output).toContain('search {"text":"lam"} was cancelled');
    expect(output).not.toContain('answers "lam"');
    const steps = ['◌ results  "lamp": nothing', '… the catalog answers "lamp"', '"lamp": LAMP-2, LAMP-3'];
    expect(steps.map((step) => output.indexOf(step))).toEqual(
      [...steps.map((step) => output.indexOf(step))].sort(ascending),
    );
    for (const step of steps) expect(output).toContain(step);
    expect(output).toMatch(
      /◌ basket +1 × LAMP-2\n.*the shop answers for LAMP-3\n.*\n +basket +1 × LAMP-2 +\(LAMP-3 is sold out\)/,
    );
    expect(output).toContain('▸ results  "desk": DESK-140');
  }, 30_000);
});

describe('the tenants', () => {
  it('are served, all but the hostile one, before that is done', async () => {
    const output = await example('tenants');
    expect(output).toMatch(/^acme +30 × success \(108\)$/m);
    expect(output).toMatch(/^globex +30 × success \(7\)$/m);
    const mallory = /^mallory .*$/m.exec(output)?.[0];
    for (const code of ['TIMEOUT', 'MEMORY_LIMIT', 'PERMISSION_DENIED', 'refused: POOL_SATURATED']) {
      expect(mallory).toContain(code);
    }
    expect(mallory).not.toContain('success');
    expect(output).toContain('acme and globex were done while mallory still had calls waiting');
  }, 30_000);
});

describe('the rules', () => {
  it('judge alike, one at a time and many at once', async () => {
    const output = await example('rules', '1000');
    expect(output).toMatch(/^ {2}1 per execution: +[\d,]+ records\/s\n500 per execution: +[\d,]+ records\/s$/m);
    expect(output).toContain('1,000 payments, judged twice alike:');
    expect(output).toMatch(/^nexus_handler_executions_total\{status="success"\} 1002$/m);
  }, 60_000);
});

describe('the server', () => {
  it('executes handlers, says what they did wrong, and answers what it accepted before it ends', async () => {
    const output = await example('fastify');
    expect(output).toContain('POST /handlers/price 200 {"value":{"total":120,"approval":true}');
    expect(output).toMatch(/price 422 .*"code":"EXECUTION_ERROR".*"location":\{"line":4/);
    expect(output).toMatch(/endless 504 .*"code":"TIMEOUT"/);
    expect(output).toContain('/nowhere 404');
    expect(output).toContain('nexus_handler_executions_total{status="error"} 2');
    expect(output).toMatch(
      /SIGTERM\nPOST \/handlers\/price refused\nPOST \/handlers\/weather 200 .*\nthe server has ended/,
    );
  }, 30_000);
});

describe('the tests of a handler', () => {
  it('pass', async () => {
    expect(await example('testing')).toMatch(/Tests.*7 passed/);
  }, 60_000);
});

describe('the handlers in TypeScript', () => {
  it('are checked by the types of the application, and run', async () => {
    const declarations = join(root, 'examples', 'typescript', 'handlers', 'handler.d.ts');
    const before = await readFile(declarations, 'utf8');
    const output = await example('typescript');
    expect(await readFile(declarations, 'utf8')).toBe(before);
    expect(output).toContain('handlers checked, nothing to complain of');
    expect(output).toMatch(/refund\.ts .*success\n.*waiting\n.*refunded\n.*"amount":120/);
    expect(output).toMatch(/note\.js .*success\n.*\$state\.note = [0-9a-f]{4} arrived broken/);
    expect(output).toContain('2 | const { order: id }: RefundArgs = $args;');
  }, 30_000);
});

function ascending(a: number, b: number): number {
  return a - b;
}

/** What a README shows after "prints". */
async function shownIn(example: string): Promise<string> {
  const text = await readFile(join(root, 'examples', example, 'README.md'), 'utf8');
  return /prints\n\n```text\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}

describe.each(['approval', 'outbox'])('the example %s', (example) => {
  it('prints what its README says', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'examples', example, 'run.mjs')]);
    expect(stdout.trim()).toBe((await shownIn(example)).trim());
  }, 60_000);
});

describe('the panels', () => {
  it('print what their README says, among others', async () => {
    const output = await example('panels');
    for (const line of (await shownIn('panels')).split('\n')) expect(output).toContain(line);
    expect(output).toMatch(/^ {2}view {2}results busy true\n {2}state query/m);
  }, 60_000);
});

describe('the fleet', () => {
  it('executes in one process and calls in another, or says what it needs', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'examples', 'fleet', 'run.mjs')]);
    if (REDIS === undefined) return expect(stdout).toContain('redis-server, and it is not installed');
    for (const [order, sum] of [3, 7, 8].entries()) expect(stdout).toContain(`producer: order-${order + 1} is ${sum}`);
    expect(stdout.match(/^caller: order-\d:c\d price of \w+$/gm)?.length).toBeGreaterThanOrEqual(5);
    expect(stdout).toMatch(/^executor: order-2\.\d+ priced \[3,4\]$/m);
  }, 60_000);
});
