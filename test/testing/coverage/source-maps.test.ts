import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Project } from '../../runtime/source-maps/project.js';
import { bundleSource } from '../../support/sources/bundle-source.js';

const folder = mkdtempSync(join(tmpdir(), 'nexus-coverage-maps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROJECT = new Project({
  'src/main.ts': [
    "import { price } from './price';",
    "import legacy from './legacy.cjs';",
    'export default ({ n }: { n: number }) => {',
    '  if (n > 2) {',
    "    return 'many';",
    '  } else {',
    '    return price(n) + legacy.twice(n);',
    '  }',
    '};',
  ].join('\n'),
  'src/price.ts': [
    'export interface Unused { readonly a: 1 }',
    'export function price(n: number): number {',
    "  if (n === 2) throw new Error('two', { cause: new TypeError('why') });",
    '  return n > 10',
    '    ? expensive(n)',
    '    : n;',
    '}',
    'function expensive(n: number) {',
    '  return n * 100;',
    '}',
  ].join('\n'),
  'src/legacy.cjs': 'exports.twice = (n) => {\n  return 2 * n;\n};\nexports.never = function () {\n  return 1;\n};\n',
});

let kit: string;
beforeAll(async () => {
  kit = (await bundleSource('src/testing/index.ts')).href;
});

async function inProcess(program: string, coverage: string) {
  const source = `import * as kit from ${JSON.stringify(kit)};\n${program}`;
  const env = { ...process.env, NEXUS_CODE_CACHE: 'off', NEXUS_COVERAGE: coverage };
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source], { cwd: folder, env });
}

it('a bundle is counted by the lines of its files, and looks the same', async () => {
  for (const [directory, minify] of [
    ['plain', false],
    ['minified', true],
  ] as const) {
    mkdirSync(join(folder, directory, 'dist'), { recursive: true });
    const { code } = await PROJECT.bundle('src/main.ts', { minify, outfile: 'dist/out.js' });
    writeFileSync(join(folder, directory, 'dist/out.js'), code);
  }
  const program = `const run = async (directory, n) => {
      const { returnValue, error, logs, metrics } = await kit.runHandler(directory + '/dist/out.js', { args: { n } });
      return { returnValue, error, logs, hostCalls: metrics.hostCalls };
    };
    const seen = [];
    for (const directory of ['plain', 'minified']) seen.push(await run(directory, 1), await run(directory, 2));
    console.log(JSON.stringify(seen));`;
  const [counted, uncounted] = await Promise.all([inProcess(program, 'counted'), inProcess(program, '')]);
  expect(JSON.parse(counted.stdout)).toEqual(JSON.parse(uncounted.stdout));
  const failure = {
    location: { file: '../src/price.ts', line: 3, column: 31 },
    cause: { location: { line: 3, column: 61 } },
  };
  const seen = [{ returnValue: 3 }, { error: failure }];
  expect(JSON.parse(counted.stdout)).toMatchObject([...seen, ...seen]);

  const [part = ''] = readdirSync(join(folder, 'counted'));
  const records = readFileSync(join(folder, 'counted', part), 'utf8')
    .split('end_of_record\n')
    .slice(0, -1);
  const lines = new Map(
    records.map((record) => [
      relative(folder, /^SF:(.*)$/m.exec(record)?.[1] ?? ''),
      new Map([...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(([, line, count]) => [Number(line), Number(count)])),
    ]),
  );
  expect(lines.size).toBe(6);
  for (const directory of ['plain', 'minified']) {
    const of = (name: string) => lines.get(join(directory, 'src', name)) ?? new Map<number, number>();
    const uncovered = (name: string) => [...of(name)].filter(([, count]) => count === 0).map(([line]) => line);
    expect(uncovered('main.ts')).toEqual([5]);
    expect(uncovered('price.ts')).toEqual([5, 8, 9, 10]);
    // The end of a function is part of it, or of what is behind it: bundlers differ.
    expect(uncovered('legacy.cjs')[0]).toBe(5);
    expect([of('main.ts').get(4), of('price.ts').get(3), of('price.ts').get(4)]).toEqual([2, 2, 1]);
    // It has no part in the bundle.
    expect(of('price.ts').has(1)).toBe(false);
  }
}, 60_000);
