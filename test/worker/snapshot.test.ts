import { beforeAll, describe, expect, it } from 'vitest';

import { resolveRuntimeConfig } from '#src/config/resolve.js';
import type { MemoryLayout } from '#src/engine/binary-interface.js';
import { encodeDelta } from '#src/engine/image/delta-codec.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { encodeAnswers } from '#src/execution/request/answers.js';
import { prepareRequest } from '#src/execution/request/build-request.js';
import { readOutcome } from '#src/execution/result/outcome.js';
import { NO_USAGE } from '#src/execution/usage.js';
import { wrapHandler } from '#src/source/wrapper.js';
import { compress } from '#src/support/compression.js';
import type { Executor } from '#src/worker/executor.js';
import { unpackSnapshot } from '#src/worker/snapshot.js';
import { createExecutor } from '../support/executor.js';

const KIB = 1024;
const REFERENCE = "const user = await $ext.http.get('/users/' + $args.id); return user.name";
/** Processes 4 MB of text and drops it. */
const LETS_GO = `
const summary = (() => {
  const parts = [];
  for (let i = 0; i < 20000; i++) parts.push('let go of number ' + i + ' '.repeat(i % 150));
  return JSON.parse(JSON.stringify(parts)).length;
})();
const user = await $ext.http.get('/users/' + summary);
return user.name + summary;
`;

let executor: Executor;
let other: Executor;

beforeAll(async () => {
  [executor, other] = await Promise.all([createExecutor(), createExecutor()]);
});

/** Executes a handler until it waits, and returns the data for resuming it and reading its outcome. */
async function suspend(source: string, by = executor) {
  const compiled = await by.compileScript(wrapHandler(source), 'handler.js');
  if (!compiled.ok) throw new Error(compiled.problem.message);
  const context = { args: { id: 7 }, capabilities: ['ext:http.get'] as const };
  const { request, grants } = prepareRequest(context, { seed: 1, now: 0 }, resolveRuntimeConfig({}));
  const executed = await by.execute({ key: source, ...request }, compiled.bytecode);
  const { snapshot, imageHash, features, memoryUsedBytes } = executed;
  if (snapshot === undefined || imageHash === undefined || features === undefined) throw new Error('it does not wait');
  const { limits } = request;
  const answers = await encodeAnswers([{ callId: 'c1', success: true, value: { name: 'Ada' } }], NO_USAGE, limits);
  const resumption = { key: source, snapshot, imageHash, features, answers, limits, instructionsBefore: 0, now: 0 };
  const handler = { key: source, filename: 'handler.js', source, bytecode: new Uint8Array(new SharedArrayBuffer(0)) };
  const resume = async (on: Executor, changes: Partial<typeof resumption> = {}) =>
    readOutcome(await on.resume({ ...resumption, ...changes }), handler, { grants, limits });
  return { resumption, memoryUsedBytes, resume };
}

describe('a snapshot', () => {
  it('a snapshot of a handler that waits for one call is far below 16 KiB, and goes on in another executor', async () => {
    const { resumption, resume } = await suspend(REFERENCE);
    expect((await compress(resumption.snapshot)).length).toBeLessThan(6 * KIB);
    expect((await resume(other)).returnValue).toBe('Ada');
  });

  it('does not hold what the handler let go of', async () => {
    const { resumption, memoryUsedBytes, resume } = await suspend(LETS_GO);
    expect(memoryUsedBytes).toBeGreaterThan(2_000 * KIB);
    expect((await compress(resumption.snapshot)).length).toBeLessThan(16 * KIB);
    expect(Buffer.from(resumption.snapshot).includes('let go of number 1999')).toBe(false);
    expect((await resume(other)).returnValue).toBe('Ada20000');
  });

  it('is the same, byte by byte, of the same execution', async () => {
    const [one, two] = [await suspend(REFERENCE), await suspend(REFERENCE, other)];
    expect(Buffer.compare(one.resumption.snapshot, two.resumption.snapshot)).toBe(0);
  });

  it('goes on as often as it is resumed, each time from where it was', async () => {
    const { resume } = await suspend(REFERENCE);
    for (const on of [executor, other, executor]) expect((await resume(on)).returnValue).toBe('Ada');
  });

  it('a snapshot of another image is refused, naming both', async () => {
    const { resumption, resume } = await suspend(REFERENCE);
    const imageHash = '0'.repeat(64);
    await expect(resume(executor, { imageHash })).rejects.toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { expected: imageHash, actual: resumption.imageHash },
    });
  });

  it('a snapshot that is cut or damaged in its compression is refused', async () => {
    const { resumption } = await suspend(REFERENCE);
    const { snapshot, imageHash } = resumption;
    const { layout } = await loadEngine();
    const damaged = [new Uint8Array(), Uint8Array.of(0xff, 0xff), snapshot.slice(0, 100), snapshot.slice(0, -1)];
    for (const bytes of damaged) {
      expect(() => unpackSnapshot({ ...resumption, snapshot: bytes }, imageHash, layout)).toThrow(
        expect.objectContaining({ code: 'SUSPENSION_INCOMPATIBLE', context: { problem: 'content' } }),
      );
    }
  });
  it.each([
    ['the native stack', ({ dataEnd }: MemoryLayout) => [dataEnd + 4096, dataEnd + 4104]],
    ['the end of static data', ({ dataEnd }: MemoryLayout) => [dataEnd - 8, dataEnd + 8]],
    ['the end of the stack', ({ heapBase }: MemoryLayout) => [heapBase - 8, heapBase + 8]],
    ['what the heap did not use', ({ heapBase }: MemoryLayout) => [heapBase + 2 ** 20, heapBase + 2 ** 20 + 8]],
  ])('a snapshot with a run in %s is refused', async (_where, place) => {
    const { resumption } = await suspend(REFERENCE);
    const { layout } = await loadEngine();
    const [start = 0, end = 0] = place(layout);
    const snapshot = encodeDelta({
      addresses: Uint32Array.of(start),
      ends: Uint32Array.of(end - start),
      bytes: new Uint8Array(end - start),
      heapEnd: layout.heapBase + 2 ** 20,
    });
    await expect(executor.resume({ ...resumption, snapshot })).rejects.toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { problem: 'content' },
    });
  });
});
