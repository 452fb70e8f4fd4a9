import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bundleSource } from '../../support/sources/bundle-source.js';
import { PROGRAMS } from './programs.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nexus-coverage-'));
const run = promisify(execFile);
let kit: string;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program of tests in a process of its own. */
async function inProcess(program: string, env: Readonly<Record<string, string>> = {}) {
  const source = `import * as kit from ${JSON.stringify(kit)};\n${program}`;
  const options = { cwd: folder, env: { ...process.env, NEXUS_CODE_CACHE: 'off', ...env } };
  return run(process.execPath, ['--input-type=module', '--eval', source], options);
}

/** The counts of lcov records, by the name of the file without its folder. */
function linesOf(text: string): Map<string, Map<number, number>> {
  const files = new Map<string, Map<number, number>>();
  for (const record of text.split('end_of_record\n').filter((each) => each.includes('SF:'))) {
    const [, path = ''] = /^SF:(.*)$/m.exec(record) ?? [];
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(
      ([, line, count]) => [Number(line), Number(count)] as const,
    );
    files.set(basename(path), new Map(lines));
  }
  return files;
}

beforeAll(async () => {
  kit = (await bundleSource('src/testing/index.ts')).href;
});

describe('coverage of handlers', () => {
  it('covers the lines that c8 finds covered of the same code as a module', async () => {
    mkdirSync(join(folder, 'handlers'));
    mkdirSync(join(folder, 'modules'));
    for (const [i, { source }] of PROGRAMS.entries()) {
      writeFileSync(join(folder, 'handlers', `p${i}.js`), source);
      writeFileSync(join(folder, 'modules', `p${i}.js`), `export default async function ($args) {${source}\n}\n`);
    }
    writeFileSync(join(folder, 'modules', 'package.json'), '{"type":"module"}');
    const runs = PROGRAMS.map(({ runs: each }) => each);
    writeFileSync(
      join(folder, 'modules', 'main.js'),
      `for (const [i, runs] of ${JSON.stringify(runs)}.entries()) {
        const { default: handler } = await import(\`./p\${i}.js\`);
        for (const args of runs) await handler(args).catch(() => {});
      }`,
    );
    const c8 = [join(root, 'node_modules/c8/bin/c8.js'), '--reporter=lcovonly', '--reports-dir=c8', process.execPath];
    await run(process.execPath, [...c8, 'modules/main.js'], { cwd: folder });
    await inProcess(
      `for (const [i, runs] of ${JSON.stringify(runs)}.entries())
        for (const args of runs) await kit.runHandler(\`handlers/p\${i}.js\`, { args });`,
      { NEXUS_COVERAGE: 'counted' },
    );
    const [part = ''] = readdirSync(join(folder, 'counted'));
    const ours = linesOf(readFileSync(join(folder, 'counted', part), 'utf8'));
    const theirs = linesOf(readFileSync(join(folder, 'c8', 'lcov.info'), 'utf8'));
    for (const [i, { name, source }] of PROGRAMS.entries()) {
      const uncovered = (lines: Map<number, number> | undefined) =>
        source
          .trimEnd()
          .split('\n')
          .flatMap((line, at) => (lines?.get(at + 1) === 0 ? [`${at + 1}: ${line}`] : []));
      expect([name, uncovered(ours.get(`p${i}.js`))]).toEqual([name, uncovered(theirs.get(`p${i}.js`))]);
    }
  }, 60_000);

  const FILE = 'placed.ts';
  const PLACED = `const items: readonly string[] = $args;
const names = items.length > 0 && items.map((item: string) => item.toUpperCase());
if (items.length > 3) { names.push('x'); } else console.log('few', items.length ? 'some' : 'none');
const stop = () => { throw new Error('at the end', { cause: new TypeError('of it') }); };
await null; stop();
`;

  /** What a test sees of a handler, with its lines counted or not. */
  async function seen(env: Readonly<Record<string, string>>) {
    writeFileSync(join(folder, FILE), PLACED);
    const { stdout } = await inProcess(
      `const run = async (args, options) => {
        const { error, logs, metrics } = await kit.runHandler('${FILE}', { args, ...options });
        return { error, logs, hostCalls: metrics.hostCalls };
      };
      console.log(JSON.stringify([
        await run(['a']), await run([]), await run(null), await run([1]),
        await run(['a'], { limits: { maxLogBytes: 8 } }),
        await run(['a'], { limits: { maxHostCalls: 1 } }),
      ]));`,
      env,
    );
    return JSON.parse(stdout) as unknown[];
  }

  it('changes no place, line of log or limit that a test sees', async () => {
    expect(await seen({ NEXUS_COVERAGE: 'seen' })).toEqual(await seen({}));
  });

  it('counts a handler over its suspensions, and one that is left waiting', async () => {
    writeFileSync(
      join(folder, 'waits.js'),
      `const a = await $ext.a.get();\nif (a) {\n  await $ext.b.get();\n  $emit('end');\n}\n`,
    );
    await inProcess(
      `const runtime = await kit.createTestRuntime({ coverage: 'waits', cacheDir: false });
      const step = await runtime.suspendAt('waits.js');
      await step.resumeWith(1);
      await runtime.shutdown();`,
    );
    const [part = ''] = readdirSync(join(folder, 'waits'));
    const lines = linesOf(readFileSync(join(folder, 'waits', part), 'utf8')).get('waits.js');
    expect([...(lines ?? [])]).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 0],
      [5, 0],
    ]);
  });

  it('is joined over processes, and too small a share is an error that names it', async () => {
    const report = `console.log(JSON.stringify(await kit.reportCoverage({ directory: 'joined', lines: 70, branches: 50 })
      .catch((error) => [error.name, error.message])));`;
    writeFileSync(
      join(folder, 'joined.js'),
      `if ($args) {\n  $emit('a');\n  $emit('b');\n} else {\n  $emit('c');\n  $emit('d');\n}\n`,
    );
    const count = (args: boolean) =>
      inProcess(`await kit.runHandler('joined.js', { args: ${args} });`, { NEXUS_COVERAGE: 'joined' });
    await count(true);
    const low = (await inProcess(report)).stdout;
    expect(JSON.parse(low)).toEqual([
      'AssertionError',
      expect.stringContaining('  lines: at least 70 %, it is 57.14 %'),
    ]);
    await count(true);
    await count(false);
    const { stdout } = await inProcess(report);
    const totals = { lines: 100, functions: 100, branches: 100, file: join(folder, 'joined', 'lcov.info') };
    expect(JSON.parse(stdout)).toEqual(totals);
    expect(readdirSync(join(folder, 'joined'))).toEqual(['lcov.info']);
    expect(readFileSync(totals.file, 'utf8')).toMatch(/^DA:2,1$/m);
    expect(JSON.parse((await inProcess(report)).stdout)).toEqual([
      'NexusError',
      expect.stringContaining('Nothing was counted in'),
    ]);
  });

  it('counts functions and modules, and changes nothing that a test sees of them', async () => {
    writeFileSync(
      join(folder, 'module.ts'),
      `export interface Args { readonly n: number }
const limit = 2, none: any = null;
export default ({ n }: Args, { log }: any) => {
  log.info('n', n);
  if (n > limit) {
    return none.x;
  }
  return n;
};
export function other(args: Args) {
  return 'other';
}
`,
    );
    writeFileSync(
      join(folder, 'function.js'),
      `// doubles\nasync (args, { log }) => {\n  log.info('f');\n  if (args === 2) return 1;\n  return 0;\n};\n`,
    );
    const program = `const seen = async (file, args, options) => {
        const { returnValue, error, logs } = await kit.runHandler(file, { args, ...options });
        const { location, snippet, message } = error ?? {};
        return { returnValue, location, snippet, message, logs };
      };
      console.log(JSON.stringify([
        await seen('module.ts', { n: 3 }), await seen('module.ts', { n: 1 }), await seen('module.ts', { n: 1 }, { entry: 'default' }),
        await seen('function.js', 2), await seen('function.js', 2, { entry: 'default' }),
      ]));`;
    const { stdout } = await inProcess(program, { NEXUS_COVERAGE: 'forms' });
    expect(JSON.parse(stdout)).toEqual(JSON.parse((await inProcess(program)).stdout));
    expect(JSON.parse(stdout)).toMatchObject([
      { location: { line: 6, column: 16 } },
      { returnValue: 1, logs: [{ message: 'n 1' }] },
      { returnValue: 1 },
      { returnValue: 1 },
      { returnValue: 1 },
    ]);
    const [part = ''] = readdirSync(join(folder, 'forms'));
    const files = linesOf(readFileSync(join(folder, 'forms', part), 'utf8'));
    const uncovered = (name: string) =>
      [...(files.get(name) ?? [])].filter(([, count]) => count === 0).map(([line]) => line);
    expect(files.get('module.ts')?.get(6)).toBe(1);
    expect(uncovered('module.ts')).toEqual([11, 12]);
    expect(uncovered('function.js')).toEqual([5]);
  });

  it('counts handlers with code around them, and those of language models, in the lines of their files', async () => {
    const model =
      'Here you are:\n\n```js\nasync function main() {\n  if ($args === 2) {\n    return null.x;\n  }\n  return 1;\n}\n\nmain();\n```\n';
    writeFileSync(join(folder, 'model.js'), model);
    writeFileSync(join(folder, 'chosen.js'), '$args === 1\n  ? "one"\n  : "other";\n');
    writeFileSync(join(folder, 'idle.js'), 'function a() {}\nfunction b() {}\n');
    writeFileSync(
      join(folder, 'strict.js'),
      '"use strict";\n(args) => {\n  if (args) return this === undefined;\n  return 2;\n};\n',
    );
    writeFileSync(
      join(folder, 'wrapped.js'),
      `const n = item.n;\nif (n > 2) {\n  null.y;\n}\nif (n > 5) {\n  return 0;\n}\nreturn n;\n`,
    );
    const program = `const wrap = { prologue: 'return $args.map((item) => {', epilogue: '});' };
      const seen = async (file, args, options) => {
        const result = await kit.runHandler(file, { args, ...options }).catch(({ message }) => ({ error: { message } }));
        const { returnValue, error = {}, logs } = result;
        const { location, snippet, message } = error;
        return { returnValue, location, snippet, message, logs };
      };
      const normalise = 'model';
      const wrapped = (list) => list.map((n) => ({ n }));
      console.log(JSON.stringify([
        await seen('model.js', 1, { normalise }), await seen('model.js', 2, { normalise }),
        await seen('chosen.js', 1, { normalise }), await seen('idle.js', 1, { normalise }),
        await seen('wrapped.js', wrapped([1, 2]), { wrap }), await seen('wrapped.js', wrapped([1, 3]), { wrap }),
        await seen('wrapped.js', wrapped(Array(3000).fill(1)), { wrap, limits: { maxLogBytes: 8 } }),
        await seen('strict.js', 0),
      ]));`;
    const { stdout } = await inProcess(program, { NEXUS_COVERAGE: 'shapes' });
    expect(JSON.parse(stdout)).toEqual(JSON.parse((await inProcess(program)).stdout));
    expect(JSON.parse(stdout)).toMatchObject([
      { returnValue: 1 },
      { location: { line: 6, column: 16 } },
      { returnValue: 'one' },
      { message: expect.stringContaining('only declares b') },
      { returnValue: [1, 2] },
      { location: { line: 3, column: 7 } },
      { returnValue: expect.any(Array) },
      { returnValue: 2 },
    ]);
    const [part = ''] = readdirSync(join(folder, 'shapes'));
    const files = linesOf(readFileSync(join(folder, 'shapes', part), 'utf8'));
    const uncovered = (name: string) =>
      [...(files.get(name) ?? [])].filter(([, count]) => count === 0).map(([line]) => line);
    expect(files.get('model.js')?.get(6)).toBe(1);
    expect(files.get('wrapped.js')?.get(8)).toBe(3);
    expect([uncovered('model.js'), uncovered('chosen.js'), uncovered('wrapped.js')]).toEqual([[], [], [6, 7]]);
    expect(files.has('idle.js')).toBe(false);
  });

  it('keeps what was counted of a file that is read in two ways, or changes meanwhile', async () => {
    const lines = `if ($args) {\\n  $emit('a');\\n}\\nreturn 1;\\n`;
    await inProcess(
      `const { writeFileSync } = await import('node:fs');
      writeFileSync('twice.js', "${lines}");
      await kit.runHandler('twice.js', { args: true });
      writeFileSync('twice.js', "${lines}// more\\n");
      await kit.runHandler('twice.js', { args: false });`,
      { NEXUS_COVERAGE: 'twice' },
    );
    const report = await inProcess(
      `console.log(JSON.stringify(await kit.reportCoverage({ directory: 'twice', lines: 100 })));`,
    );
    expect(JSON.parse(report.stdout)).toMatchObject({ lines: 100 });
  });

  it('is refused where the directory is none', async () => {
    const { stdout } = await inProcess(
      `console.log(await kit.createTestRuntime({ coverage: 3 }).catch(({ code, message }) => code + ' ' + message));`,
    );
    expect(stdout).toBe('INVALID_CONFIG Option coverage is 3; it must be the path of a directory, or false.\n');
  });
});
