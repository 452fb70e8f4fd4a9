import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmResult } from '#src/index.js';

import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';
import { ANYTHING, answer, finish } from '../suspension/resume-helpers.js';
import { DIFFERENCES, NOT_IN_TYPESCRIPT } from './differences.js';
import { errorText, valueText } from './outcome.mjs';
import { KINDS } from './programs/all.js';
import type { Program } from './programs/program.js';

/** By kind and title, see `record-v8.mjs`. */
const { programs: V8 } = JSON.parse(await readFile(new URL('v8.json', import.meta.url), 'utf8')) as {
  programs: Record<string, Record<string, string>>;
};

const OPTIONS = { timeoutMs: 30_000 } as const;
let cacheDir: string;
/** Of the sources, by kind and title, before anything was cached. */
const fresh: Record<string, Outcomes> = {};
let runtime: NexusRuntime;
let withLibraries: NexusRuntime;
let kit: TestRuntime;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'nexus-language-'));
  await using compiling = await createRuntime({ cacheDir, maxInstances: 1 });
  for (const { kind, programs } of KINDS) {
    fresh[kind] = await outcomes(kind, programs, ({ source }) => compiling.executeHandler(source, undefined, OPTIONS));
  }
  // From here on all of it is on disk.
  await compiling.shutdown();
  runtime = await createRuntime({ cacheDir, maxInstances: 1 });
  withLibraries = await createRuntime({ cacheDir: false, maxInstances: 1, libraries: librariesOfKinds() });
  kit = await createTestRuntime({ cacheDir: false });
}, 300_000);
afterAll(async () => {
  await Promise.all([runtime, withLibraries, kit].map((each) => each.shutdown()));
  await rm(cacheDir, { recursive: true });
});

const name = (kind: number) => `kind${kind}`;
const compiles = (kind: string, { title }: Program) => V8[kind]?.[title] !== errorText('SyntaxError');

/** One library for each kind, that exports its programs as functions. */
function librariesOfKinds(): Record<string, { source: string }> {
  return Object.fromEntries(
    KINDS.map(({ kind, programs }, index) => {
      const functions = programs
        .filter((program) => compiles(kind, program))
        .map(({ source }) => `async function(){${source}\n}`);
      return [name(index), { source: `module.exports=[${functions.join(',\n')}];` }];
    }),
  );
}

function outcomeOf({ status, returnValue, error }: WasmResult): string {
  if (status === 'success') return valueText(returnValue);
  // It begins with the name, of a SyntaxError as well.
  return errorText(error?.message.split(':')[0] ?? '');
}

interface Outcomes {
  readonly given: Record<string, string>;
  readonly expected: Record<string, string>;
}

/** The results of all programs of a kind and the expected results, by title. */
async function outcomes(
  kind: string,
  programs: readonly Program[],
  run: (program: Program, index: number) => Promise<WasmResult>,
): Promise<Outcomes> {
  const given: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (const [index, program] of programs.entries()) {
    given[program.title] = outcomeOf(await run(program, index));
    expected[program.title] = DIFFERENCES[program.title]?.[0] ?? V8[kind]?.[program.title] ?? 'not recorded';
  }
  return { given, expected };
}

describe.each(KINDS)('$kind: what V8 gives comes', ({ kind, programs }) => {
  const index = KINDS.findIndex((candidate) => candidate.kind === kind);
  const runnable = programs.filter((program) => compiles(kind, program));

  it('a source, and what was compiled and found on disk, give what V8 gives', { timeout: 60_000 }, async () => {
    expect(fresh[kind]?.given).toEqual(fresh[kind]?.expected);
    const found = await outcomes(kind, runnable, async ({ source }) => {
      const result = await runtime.executeHandler(source, undefined, OPTIONS);
      expect(result.metrics.cacheHit).toBe(true);
      return result;
    });
    expect(found.given).toEqual(found.expected);
  });

  it('a library gives what V8 gives', { timeout: 60_000 }, async () => {
    const { given, expected } = await outcomes(kind, runnable, (_program, at) =>
      withLibraries.executeHandler(`return $lib.${name(index)}[${at}]()`, undefined, OPTIONS),
    );
    expect(given).toEqual(expected);
  });

  it('a handler that was suspended before and inside gives what V8 gives', { timeout: 60_000 }, async () => {
    const { given, expected } = await outcomes(kind, runnable, async ({ source }) => {
      const inside = source.replaceAll('await null', 'await $ext.w.w()');
      const begun = await runtime.executeHandler(`await $ext.w.w();${inside}`, ANYTHING, OPTIONS);
      const results = await finish(runtime, begun, () => answer());
      return results.at(-1) as WasmResult;
    });
    expect(given).toEqual(expected);
  });

  it('the test kit, and TypeScript, give what V8 gives', { timeout: 60_000 }, async () => {
    const tested = await outcomes(kind, programs, ({ source }) => kit.executeHandler(source, undefined, OPTIONS));
    expect(tested.given).toEqual(tested.expected);
    const strippable = runnable.filter(({ source }) => !NOT_IN_TYPESCRIPT.test(source));
    const typed = await outcomes(kind, strippable, ({ source }) =>
      kit.executeHandler(`const typed: number = 1;${source}`, undefined, { ...OPTIONS, filename: 'program.ts' }),
    );
    expect(typed.given).toEqual(typed.expected);
  });
});

describe('the programs', () => {
  it('are at least 20 of each kind, each with what V8 gives', () => {
    for (const { kind, programs } of KINDS) {
      expect(programs.length, kind).toBeGreaterThanOrEqual(20);
      expect(Object.keys(V8[kind] ?? {})).toEqual(programs.map(({ title }) => title));
      expect(new Set(programs.map(({ source }) => source)).size, kind).toBe(programs.length);
    }
  });

  it('the programs that differ are among them', () => {
    const titles = new Set(KINDS.flatMap(({ programs }) => programs.map(({ title }) => title)));
    for (const title of Object.keys(DIFFERENCES)) expect(titles).toContain(title);
  });
});
