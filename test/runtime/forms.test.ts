import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sealArtifact } from '#src/cache/artifact.js';
import { HANDLER_NAMESPACE } from '#src/cache/cache-entry.js';
import { openInSlices } from '#src/cache/sliced-artifact.js';
import { createRuntime, encoded, HandlerCompiler, type NexusRuntime } from '#src/index.js';
import { rejection } from '../support/runtime-helpers.js';
import { answer, finish } from '../suspension/resume-helpers.js';

const MODULE = `let runs = 0;
export default async ({ by }, { state, ext }) => {
  state.count += by * (await ext.rates.get('EUR'));
  return [state.count, ++runs];
};
export const onUpdate = ({ by }) => by;
export const version = 3;`;
const CONTEXT = {
  args: { by: 2 },
  stateSnapshot: { count: 1 },
  capabilities: ['state:read:count', 'state:write:count', 'ext:rates.get'],
} as const;
const EXPECTED = ['default', 'onUpdate', 'version'];

let cacheDir: string;
let runtime: NexusRuntime;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'nexus-forms-'));
  runtime = await createRuntime({ cacheDir, maxInstances: 1 });
});
afterAll(async () => {
  await runtime.shutdown();
  await rm(cacheDir, { recursive: true });
});

const extensions = { rates: { get: async (_currency: string) => 10 } };

describe('a module', () => {
  it('runs with extensions, and its mutations come out', async () => {
    const result = await runtime.run(MODULE, CONTEXT, { extensions });
    expect(result).toMatchObject({ status: 'success', returnValue: [21, 1] });
    expect(result.stateMutations).toEqual([{ operation: 'set', key: 'count', value: 21 }]);
  });

  it('starts anew each time, also from the image of the handler', async () => {
    for (let i = 0; i < 5; i++) {
      expect((await runtime.run(MODULE, CONTEXT, { extensions })).returnValue).toEqual([21, 1]);
      expect((await runtime.executeHandler(MODULE, CONTEXT, { entry: 'onUpdate' })).returnValue).toBe(2);
      expect((await runtime.executeHandler(MODULE, CONTEXT, { entry: 'version' })).returnValue).toBe(3);
    }
  });

  it('is suspended and resumed', async () => {
    const begun = await runtime.executeHandler(MODULE, CONTEXT);
    expect(begun.status).toBe('suspended');
    const results = await finish(runtime, begun, () => answer(100));
    expect(results.at(-1)).toMatchObject({ status: 'success', returnValue: [201, 1] });
  });

  it('takes its entry point beside context that is MessagePack', async () => {
    // { by: 5 }
    const args = encoded(Buffer.from('81a2627905', 'hex'));
    const result = await runtime.executeHandler(MODULE, { ...CONTEXT, args }, { entry: 'onUpdate' });
    expect(result.returnValue).toBe(5);
  });

  it('is warmed up and compiled in advance, and found on disk with its entry points', async () => {
    const code = `${MODULE}\n// on disk`;
    const compiler = new HandlerCompiler({ cacheDir });
    expect(await compiler.precompileAll([code])).toMatchObject({ compiled: 1, failed: 0 });
    expect((await compiler.compile(code)).entries).toEqual(EXPECTED);
    await compiler.close();
    const other = await createRuntime({ cacheDir, maxInstances: 1 });
    expect(await other.warmup([code])).toMatchObject({ loaded: 1, failures: [] });
    const result = await other.executeHandler(code, CONTEXT, { entry: 'onUpdate' });
    expect(result).toMatchObject({ returnValue: 2, metrics: { cacheHit: true } });
    expect(await rejection(other.executeHandler(code, CONTEXT, { entry: 'gone' }))).toMatchObject({
      context: { entries: EXPECTED },
    });
    await other.shutdown();
  });

  it('has its entry points in an artifact', async () => {
    const artifact = await runtime.precompileHandler(MODULE);
    expect((await runtime.executeCompiledHandler(artifact, CONTEXT, { entry: 'onUpdate' })).returnValue).toBe(2);
    expect((await runtime.run(artifact, CONTEXT, { extensions })).returnValue).toEqual([21, 1]);
    expect(await rejection(runtime.executeCompiledHandler(artifact, CONTEXT, { entry: 'gone' }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'The handler exports no "gone"; the option entry can be "default", "onUpdate", "version".',
    });
  });
});

describe('an artifact without entry points, as earlier versions wrote it', () => {
  it('is a body', async () => {
    const artifact = await runtime.precompileHandler('return $args');
    const { engine } = runtime.inner;
    const opened = await openInSlices(artifact, { engine, secrets: [], maxSourceBytes: 1_000 });
    expect(opened.header).not.toHaveProperty('entries');
    const { key, filename, source } = opened.header;
    const header = { key, filename, source, engine, namespace: HANDLER_NAMESPACE };
    const sealed = sealArtifact(header, opened.content, undefined);
    expect((await runtime.executeCompiledHandler(sealed, { args: 7 })).returnValue).toBe(7);
    expect(await rejection(runtime.executeCompiledHandler(sealed, {}, { entry: 'a' }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('an entry point that cannot be', () => {
  it.each([
    [
      'one that is not exported',
      'export const a = 1, b = 2;',
      'c',
      'The handler exports no "c"; the option entry can be "a", "b".',
      ['a', 'b'],
    ],
    [
      'none, where there is no default export',
      'export const a = 1;',
      undefined,
      'The handler has no default export, so the option entry must choose one of its exports: "a".',
      ['a'],
    ],
    [
      'one of a function',
      '(x) => x',
      'x',
      'The handler exports no "x"; the option entry can be "default".',
      ['default'],
    ],
    [
      'a name that every object has',
      'export const a = 1;',
      'constructor',
      'The handler exports no "constructor"; the option entry can be "a".',
      ['a'],
    ],
    [
      'a class',
      'export class A {}\nexport const a = 1;',
      'A',
      'The handler exports no "A"; the option entry can be "a".',
      ['a'],
    ],
    [
      'one of a body',
      'return 1',
      'a',
      'The option entry chooses an export of a module, and this handler is the body of a function: leave the option out, or export functions.',
      undefined,
    ],
  ])('%s', async (_name, code, entry, message, entries) => {
    const options = entry === undefined ? {} : { entry };
    const context = { field: 'entry', ...(entries && { entries }) };
    expect(await rejection(runtime.executeHandler(code, {}, options))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message,
      context,
    });
    expect(await rejection(runtime.run(code, {}, options))).toMatchObject({ code: 'INVALID_ARGUMENT', message });
  });

  it('no name', async () => {
    for (const entry of ['', 5, null]) {
      const options = { entry } as never;
      expect(await rejection(runtime.executeHandler('export default 1', {}, options))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { field: 'entry' },
      });
    }
  });
});
