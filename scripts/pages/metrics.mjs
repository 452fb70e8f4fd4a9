// Generates docs/metrics.md from the table of all metrics. With --check it writes nothing, and fails if the
// page is out of date. Needs a build.
import { readFile, writeFile } from 'node:fs/promises';

import { METRICS } from '../../build/metrics/catalog.js';
import { DEFAULT_PREFIX } from '../../build/metrics/prometheus.js';
import { aligned } from './lib/table.mjs';

const PAGE = new URL('../../docs/metrics.md', import.meta.url);
const COMMAND = 'npm run docs -- metrics';
const LINE_WIDTH = 140;
/** Longer lists of label values are below the table. */
const CELL_WIDTH = 50;

const GROUPS = [
  { title: 'Handlers', prefixes: ['handler_'] },
  { title: 'Compiling and the cache', prefixes: ['compile_', 'cache_'] },
  { title: 'The pool and memory', prefixes: ['pool_', 'memory_'] },
  { title: 'Usage', prefixes: ['usage_'] },
  { title: 'Suspension', prefixes: ['suspension_', 'suspensions_', 'resume_'] },
  { title: 'Durable runs', prefixes: ['runs_', 'releases_', 'tasks_'] },
];

const INTRO = `# Metrics

\`await runtime.getPrometheusMetrics()\` returns these metrics as text, and \`runtime.metricsHandler()\` serves them over HTTP. With
\`metrics: { registry }\` they are in the application's registry of prom-client, beside its own metrics. For how to get and
watch them: [operations](operations.md).

${aligned([
  ['option of `metrics`', 'default', 'meaning'],
  ['`registry`', 'a separate one', 'where the metrics are registered; several runtimes may share one'],
  ['`prefix`', `\`'${DEFAULT_PREFIX}'\``, 'the prefix of every name'],
  [
    '`defaultLabels`',
    'none',
    'labels of every metric of this runtime; they distinguish runtimes that share a registry',
  ],
  ['`handlerLabel`', '`false`', 'adds a label `handler` to the metrics of executions and of their duration'],
  ['`tenantLabel`', '`false`', 'adds a label `tenant` to the metrics of usage'],
])}

\`metrics: false\` turns them off. With \`handlerLabel\`, the first 200 names of handlers have a separate value; all others are \`other\`.
The same holds for \`tenantLabel\` and tenants.
Values of runtimes that share a registry without distinguishing labels are added.

This page is generated from \`src/metrics/catalog.ts\`: \`${COMMAND}\`. Do not edit it.
`;

const page = makePage();
if (!process.argv.includes('--check')) await writeFile(PAGE, page);
else if ((await readFile(PAGE, 'utf8').catch(() => undefined)) !== page) {
  console.error(`docs/metrics.md is not what src/metrics/catalog.ts says. Run: ${COMMAND}`);
  process.exitCode = 1;
}

function makePage() {
  const grouped = GROUPS.map(({ title, prefixes }) => ({
    title,
    names: Object.keys(METRICS).filter((name) => prefixes.some((prefix) => name.startsWith(prefix))),
  }));
  const known = new Set(grouped.flatMap(({ names }) => names));
  const left = Object.keys(METRICS).filter((name) => !known.has(name));
  if (left.length > 0) throw new Error(`${left.join(', ')}: in no group of scripts/pages/metrics.mjs`);
  const sections = grouped.map(({ title, names }) => [`## ${title}`, table(names), ...notes(names)].join('\n\n'));
  const advice = Object.entries(METRICS).map(([name, metric]) =>
    wrap(`- \`${DEFAULT_PREFIX}${name}\`: ${withPrefixes(metric.advice)}`, '  '),
  );
  return `${[INTRO.trimEnd(), ...sections, '## When a metric changes', advice.join('\n')].join('\n\n')}\n`;
}

function table(names) {
  const rows = names.map((name) => {
    const { type, labels, help } = METRICS[name];
    return [`\`${DEFAULT_PREFIX}${name}\``, type, Object.entries(labels).map(labelCell).join('; '), withPrefixes(help)];
  });
  return aligned([['metric', 'type', 'labels', 'meaning'], ...rows]);
}

function labelCell([label, values]) {
  if (values.length === 0) return `\`${label}\``;
  const list = values.join(', ');
  return list.length > CELL_WIDTH ? `\`${label}\`, see below` : `\`${label}\`: ${list}`;
}

/** Values that do not fit into the table: long lists of label values, and the bounds of histograms. */
function notes(names) {
  const values = names.flatMap((name) =>
    Object.entries(METRICS[name].labels)
      .filter(([, known]) => known.join(', ').length > CELL_WIDTH)
      .map(([label, known]) => `- \`${label}\` of \`${DEFAULT_PREFIX}${name}\`: ${known.join(', ')}`),
  );
  const buckets = new Map();
  for (const name of names) {
    const { buckets: bounds } = METRICS[name];
    if (bounds === undefined) continue;
    const list = bounds.map((bound) => (name.endsWith('_bytes') ? bytes(bound) : seconds(bound))).join(', ');
    buckets.set(list, [...(buckets.get(list) ?? []), `\`${DEFAULT_PREFIX}${name}\``]);
  }
  const bounds = [...buckets].map(([list, of]) => `- buckets of ${of.join(', ')}: up to ${list}, and above`);
  const lines = [...values, ...bounds].map((text) => wrap(text, '  '));
  return lines.length > 0 ? [lines.join('\n')] : [];
}

/** Names of metrics are always given in full. */
function withPrefixes(text) {
  return text.replace(/`([a-z_]+)`/g, (quoted, name) => (name in METRICS ? `\`${DEFAULT_PREFIX}${name}\`` : quoted));
}

function bytes(size) {
  return size >= 1024 ** 2 ? `${size / 1024 ** 2} MiB` : `${size / 1024} KiB`;
}

function seconds(time) {
  const rounded = (value) => String(Number(value.toPrecision(6)));
  if (time < 1e-3) return `${rounded(time * 1e6)} µs`;
  return time < 1 ? `${rounded(time * 1e3)} ms` : `${rounded(time)} s`;
}

/** Breaks between words, but not between a number and its unit. */
function wrap(text, indent) {
  const lines = [];
  let line = '';
  for (const word of text.split(/ (?!(?:µs|ms|s|KiB|MiB)\b)/)) {
    if (line !== '' && line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
