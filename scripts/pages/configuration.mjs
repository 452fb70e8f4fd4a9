// Generates docs/configuration.md from the table of all options. With --check it writes nothing, and fails if
// the page is out of date. Needs a build.
import { readFile, writeFile } from 'node:fs/promises';

import { OPTION_TABLE, optionNames, variableOf } from '../../build/config/option-table.js';
import { aligned } from './lib/table.mjs';

const PAGE = new URL('../../docs/configuration.md', import.meta.url);
const COMMAND = 'npm run docs -- configuration';
const DAY_MS = 24 * 60 * 60 * 1000;

const GROUPS = {
  cache: ['The cache', 'A `HandlerCompiler` has these as well. More in [caching](caching.md).'],
  pool: ['The pool', 'A `HandlerCompiler` has these as well, except `libraries`. More in [the pool](pool.md).'],
  limits: ['Limits of an execution', 'A call can lower them with `limits`. More in [handlers](handlers.md#limits).'],
  suspension: ['Suspension', 'More in [suspension](suspension.md).'],
  runtime: ['Observing', 'More in [operations](operations.md).'],
};

const INTRO = `# Configuration

Every option of \`createRuntime\`, with its default, its range and the environment variable that \`configFromEnv()\`
reads. Each variable may have the prefix \`NEXUS_\`, which has precedence: \`NEXUS_MAX_INSTANCES\` before \`MAX_INSTANCES\`.
An option that is not in the tables is INVALID_CONFIG, and so is a value out of range.

\`\`\`js
import { configFromEnv, createRuntime } from 'nexus-runtime';

const options = configFromEnv({ NEXUS_MAX_INSTANCES: '2', TIMEOUT_MS: '250', CACHE_DIR: 'false' });
console.log(options); // { cacheDir: false, maxInstances: 2, timeoutMs: 250 }
const runtime = await createRuntime(options);
await runtime.shutdown();
\`\`\`

For what to change when, see [tuning](operations.md#tuning). This page is generated from
\`src/config/option-table.ts\`: \`${COMMAND}\`. Do not edit it.
`;

const page = makePage();
if (!process.argv.includes('--check')) await writeFile(PAGE, page);
else if ((await readFile(PAGE, 'utf8').catch(() => undefined)) !== page) {
  console.error(`docs/configuration.md is not what src/config/option-table.ts says. Run: ${COMMAND}`);
  process.exitCode = 1;
}

function makePage() {
  const sections = Object.entries(GROUPS).map(([group, [title, intro]]) => {
    const rows = optionNames(group).map((name) => row(name, OPTION_TABLE[name]));
    return [`## ${title}`, intro, aligned([['option', 'default', 'range', 'variable', 'meaning'], ...rows])].join(
      '\n\n',
    );
  });
  return `${[INTRO.trimEnd(), ...sections].join('\n\n')}\n`;
}

function row(name, option) {
  return [`\`${name}\``, defaultOf(option), rangeOf(option), variable(name, option), option.doc];
}

function defaultOf({ kind, fallback, byDefault, unit }) {
  if (byDefault !== undefined) return byDefault;
  if (fallback === undefined) return 'none';
  return kind === 'number' ? amount(fallback, unit) : `\`${kind === 'switch' ? fallback : `'${fallback}'`}\``;
}

function rangeOf(option) {
  if (option.kind === 'switch') return '`true`, `false`';
  if (option.kind === 'choice') return option.values.map((value) => `\`'${value}'\``).join(', ');
  if (option.kind !== 'number') return '';
  const { unit, min = 0, max, multipleOf } = option;
  const range = max === undefined ? `from ${amount(min, unit)}` : `${amount(min, unit)} to ${amount(max, unit)}`;
  return multipleOf === undefined ? range : `${range}, a multiple of ${amount(multipleOf, unit)}`;
}

/** A number in the largest unit that divides it. */
function amount(value, unit) {
  if (unit === 'bytes') {
    for (const [name, size] of [
      ['GiB', 1024 ** 3],
      ['MiB', 1024 ** 2],
      ['KiB', 1024],
    ]) {
      if (value >= size && value % size === 0) return `${value / size} ${name}`;
    }
    return value === 1 ? '1 byte' : value === 0 ? '0' : `${value} bytes`;
  }
  const text = value.toLocaleString('en-US');
  if (unit !== 'ms') return text;
  return value >= DAY_MS && value % DAY_MS === 0
    ? `${text} ms (${(value / DAY_MS).toLocaleString('en-US')} days)`
    : `${text} ms`;
}

function variable(name, option) {
  if (option.kind === 'object' && !option.onOrOff) return '';
  return `\`${option.isPrefixed ? 'NEXUS_' : ''}${variableOf(name)}\``;
}
