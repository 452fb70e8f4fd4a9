// Writes the results of a run: JSON for programs, Markdown for reading, a chart for the README.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawChart } from './chart.mjs';
import { asMarkdown } from './table.mjs';

export function writeResults(folder, results) {
  mkdirSync(folder, { recursive: true });
  const write = (name, text) => writeFileSync(join(folder, name), text);
  write('latest.json', `${JSON.stringify(results, undefined, 2)}\n`);
  write('latest.md', markdownOf(results));
  write('chart.svg', drawChart(results));
}

/** The table of targets, as it is recorded. */
export function targetsTable(judged) {
  return {
    header: ['target', 'measured', 'must be', 'verdict'],
    text: judged.map(({ title, measured, bound = '', verdict }) => [title, measured, bound, verdict]),
  };
}

function markdownOf({ measuredAt, machine, questions, targets }) {
  const { node, platform, cpu, cores, packages } = machine;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const sections = questions.map(({ title, tables }) => `## ${title}\n\n${tables.map(asMarkdown).join('\n\n')}`);
  return `${[
    '# Benchmarks',
    `Written by \`npm run bench\` on ${measuredAt}: Node ${node}, ${platform}, ${cores} × ${cpu}.`,
    versions.join(', '),
    '## Targets',
    asMarkdown(targetsTable(targets)),
    ...sections,
  ].join('\n\n')}\n`;
}
