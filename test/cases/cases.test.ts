import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmResult } from '#src/index.js';

import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';
import { answer, finish } from '../suspension/resume-helpers.js';
import type { Case } from './case.js';
import { FORMS } from './forms.js';
import { CONSOLE, MISSING } from './missing.js';
import { MODELS } from './models.js';
import { PLACES } from './places.js';
import { SYNTAX } from './syntax.js';
import { WHERE } from './where.js';
import { WHICH } from './which.js';

const KINDS: Readonly<Record<string, readonly Case[]>> = {
  'which expression it was': WHICH,
  'where it was, and what it says': WHERE,
  'where it was, whatever is written before it': PLACES,
  'what does not parse': SYNTAX,
  'what there is not': MISSING,
  'what is logged': CONSOLE,
  'functions and modules': FORMS,
  'as language models write it': MODELS,
};
const ALL = Object.values(KINDS).flat();

let cacheDir: string;
let compiling: NexusRuntime;
let fromDisk: NexusRuntime;
let kit: TestRuntime;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'nexus-cases-'));
  compiling = await createRuntime({ cacheDir, maxInstances: 1 });
  kit = await createTestRuntime({ cacheDir: false });
  for (const one of ALL) await run(compiling, one);
  await compiling.shutdown();
  compiling = await createRuntime({ cacheDir: false, maxInstances: 1 });
  fromDisk = await createRuntime({ cacheDir, maxInstances: 1 });
}, 120_000);
afterAll(async () => {
  await Promise.all([compiling, fromDisk, kit].map((each) => each?.shutdown()));
  await rm(cacheDir, { recursive: true });
});

const optionsOf = ({ filename, entry, ...one }: Case) => ({
  ...(MODELS.some(({ name }) => name === one.name) && { normalise: 'model' as const }),
  ...(filename !== undefined && { filename }),
  ...(entry !== undefined && { entry }),
});
const compiles = ({ error }: Case) => error?.code !== 'COMPILATION_ERROR' && error?.code !== 'INVALID_HANDLER';
const run = (runtime: NexusRuntime | TestRuntime, one: Case) =>
  runtime.executeHandler(one.source, one.context, optionsOf(one));

function expectOutcome(one: Case, result: WasmResult, isShifted = false): void {
  const { error } = one;
  if (error === undefined) {
    expect(result.error).toBeUndefined();
    if ('value' in one) expect(result.returnValue).toEqual(one.value);
  } else {
    expect(result.error).toMatchObject({ ...(error.code && { code: error.code }), message: error.message });
    if (error.line !== undefined) expect(result.error?.location?.line).toBe(error.line);
    if (error.column !== undefined && !(isShifted && error.line === 1)) {
      expect(result.error?.location?.column).toBe(error.column);
    }
    if (error.with !== undefined) expect(result.error).toMatchObject(error.with);
    if (result.error?.stack !== undefined && result.error.name !== undefined) {
      expect(result.error.stack.startsWith(`${result.error.name}: `)).toBe(true);
      expect(result.error.stack).not.toContain('nexus:');
    }
  }
  if (one.log !== undefined) expect(result.logs.map(({ message }) => message)).toEqual(one.log);
}

describe.each(Object.entries(KINDS))('%s', (_kind, cases) => {
  it.each(cases)('$name: from its source', async (one) => {
    expectOutcome(one, await run(compiling, one));
  });

  it.each(cases)('$name: from an artifact on disk', async (one) => {
    const result = await run(fromDisk, one);
    if (compiles(one)) expect(result.metrics.cacheHit).toBe(true);
    expectOutcome(one, result);
  });

  it.each(
    // A statement before a function makes a body of it.
    cases.filter((one) => one.error?.code !== 'COMPILATION_ERROR' && ![...FORMS, ...MODELS].includes(one)),
  )('$name: suspended and resumed', async (one) => {
    const context = { ...one.context, capabilities: ['ext:w.w'] } as const;
    const begun = await compiling.executeHandler(`await $ext.w.w();${one.source}`, context, optionsOf(one));
    const results = await finish(compiling, begun, () => answer());
    expectOutcome(one, results.at(-1) as WasmResult, true);
  });

  it.each(cases)('$name: in the test kit', async (one) => {
    expectOutcome(one, await run(kit, one));
  });
});
