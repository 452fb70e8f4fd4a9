import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { captureDelta } from '#src/engine/image/delta.js';
import { captureImage, hashImage, type Image } from '#src/engine/image/image.js';
import { type EngineModule, loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import type { Vm } from '#src/engine/vm.js';
import { CheckpointAreas, type TakenArea } from '#src/pool/checkpoints/areas.js';
import { writeCheckpoint } from '#src/worker/checkpoints.js';
import { TenantVms } from '#src/worker/tenant-vms.js';

const MIB = 1024 * 1024;
const limits = { memoryLimitBytes: 32 * MIB, stackSizeBytes: 256 * 1024 };
const needs = { memoryLimitBytes: limits.memoryLimitBytes, neededBytes: 0 };
const PATTERN = 0xa5;

let engine: EngineModule;
let script: Uint8Array;
let vms: TenantVms;
let image: Image;

beforeAll(async () => {
  engine = await loadEngine();
  const compiler = await SourceCompiler.create(engine, limits.stackSizeBytes);
  const compiled = await compiler.compile('globalThis.n = [1, 2, 3].map((n) => n * 2)', 'script.js');
  if (!compiled.ok) throw new Error(compiled.problem.message);
  script = compiled.bytecode;
});

beforeEach(async () => {
  vms = await TenantVms.create(engine, limits);
  image = captureImage(vms.current);
});

/** What is neither the image nor zero, in bytes. */
function foreignBytes({ heap, layout }: Vm): number {
  const { dataEnd, heapBase } = layout;
  const differs = (bytes: Uint8Array, expected: Uint8Array | undefined) =>
    bytes.reduce((sum, byte, i) => sum + (byte === (expected?.[i] ?? 0) ? 0 : 1), 0);
  return (
    differs(heap.subarray(0, dataEnd), image.data) +
    differs(heap.subarray(dataEnd, heapBase), undefined) +
    differs(heap.subarray(heapBase), image.heap)
  );
}

async function runAs(owner: string): Promise<Vm> {
  await vms.select(owner, needs);
  vms.restore(owner, image);
  vms.current.evaluateBytecode(script);
  return vms.current;
}

describe('the VMs of a worker', () => {
  it('give another tenant a VM of which every byte is the image or zero, whatever was written to it', async () => {
    for (const owner of ['a', 'b', 'c', 'd', 'e', 'a', 'b']) {
      const vm = await runAs(owner);
      vm.heap.fill(PATTERN);
      await vms.select('another', needs);
      vms.restore('another', image);
      expect(foreignBytes(vms.current)).toBe(0);
    }
  });

  it('put back what a tenant used of a VM for its next run', async () => {
    await runAs('a');
    const { current } = vms;
    expect(foreignBytes(current)).toBeGreaterThan(0);
    await vms.select('a', needs);
    expect(vms.current).toBe(current);
    vms.restore('a', image);
    expect(foreignBytes(current)).toBe(0);
  });

  it('give what was built in between no part of what was repeated before it', async () => {
    const other = { ...image, heap: image.heap.map((byte, i) => (i === image.heap.length - 1 ? byte ^ 1 : byte)) };
    for (const next of [image, other]) {
      await runAs('a');
      const delta = captureDelta(vms.current, image);
      for (let i = 0; i < 100; i++) vms.restore('a', image, delta);
      vms.buildOn('a', image, undefined, () => {});
      await vms.select('b', needs);
      vms.restore('b', next);
      expect(foreignBytes(vms.current)).toBe(next === image ? 0 : 1);
    }
  });

  it('hold image and delta and nothing else, in whatever order they are used', async () => {
    await runAs('a');
    const deltas = [captureDelta(vms.current, image), undefined];
    vms.current.evaluateBytecode(script);
    deltas.push(captureDelta(vms.current, image));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(2), fc.integer({ min: 1, max: 70 })), { maxLength: 12 }),
        async (steps) => {
          for (const [step, owner, which, times] of steps) {
            const name = `owner ${owner}`;
            const delta = deltas[which];
            await vms.select(name, needs);
            const { current } = vms;
            if (step === 0) vms.buildOn(name, image, delta, () => {});
            else if (step === 1) await vms.tidy(() => false);
            else for (let i = 0; i < times; i++) vms.restore(name, image, delta);
            if (step === 1) continue;
            const expected = await TenantVms.create(engine, limits);
            expected.restore(name, image, delta);
            expect(Buffer.compare(current.heap, expected.current.heap)).toBe(0);
            vms.current.evaluateBytecode(script);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('build images in a VM of which every byte is the image or zero, the tenant’s own included', async () => {
    const vm = await runAs('a');
    vm.heap.fill(PATTERN);
    await vms.select('a', needs);
    const found = vms.buildOn('a', image, undefined, (clean) => [clean === vm, foreignBytes(clean)]);
    expect(found).toEqual([true, 0]);
  });

  it('do not take the VM for clean in which an image was built', async () => {
    vms.buildOn('a', image, undefined, (vm) => vm.evaluateBytecode(script));
    vms.current.heap.fill(PATTERN);
    await vms.select('b', needs);
    vms.restore('b', image);
    expect(foreignBytes(vms.current)).toBe(0);
  });

  it('are wiped when there is nothing else to do, all but the one that was used last', async () => {
    const first = await runAs('a');
    await runAs('b');
    await vms.tidy(() => false);
    const second = await runAs('c');
    expect(second).not.toBe(first);
    const third = await runAs('d');
    expect(third).toBe(first);
    second.heap.fill(PATTERN);
    await vms.tidy(() => false);
    expect(second.heap.every((byte) => byte === 0)).toBe(true);
    expect(third.heap.every((byte) => byte === 0)).toBe(false);
    // What was cleared takes an image like any other.
    for (const owner of ['e', 'f', 'g']) expect((await runAs(owner)).poison).toBeUndefined();
  });

  it('are left as they are while there is something else to do', async () => {
    await runAs('a');
    await runAs('b');
    await vms.tidy(() => true);
    expect(vms.memoryBytes).toBe(vms.current.heap.length);
  });

  it('are few, however many tenants there are', async () => {
    for (let i = 0; i < 50; i++) {
      for (let j = 0; j < 10; j++) await runAs(`tenant ${i} ${j}`);
      await vms.tidy(() => false);
    }
    expect(vms.memoryBytes).toBe(4 * 2 * MIB);
  });

  it('are not as large for another tenant as the image of one needs them', async () => {
    const small = (await runAs('a')).heap.length;
    const large = { ...needs, neededBytes: 24 * MIB };
    vms.makeRoomFor(large.neededBytes);
    await vms.select('b', large);
    vms.restore('b', image);
    expect(vms.current.heap.length).toBeGreaterThanOrEqual(large.neededBytes);
    const { current } = vms;
    await vms.select('b', large);
    expect(vms.current).toBe(current);
    for (const owner of ['a', 'c', 'd', 'e']) {
      expect((await runAs(owner)).heap.length).toBeLessThanOrEqual(small + 8 * MIB);
      await vms.tidy(() => false);
    }
  });

  it('are those of the tenant, where it has one', async () => {
    await runAs('a');
    await runAs('b');
    await vms.tidy(() => false);
    const own = await runAs('b');
    const other = await runAs('a');
    expect(other).not.toBe(own);
    expect(await runAs('b')).toBe(own);
    expect(await runAs('a')).toBe(other);
  });

  it('hold the same after a thousand runs of one handler', async () => {
    vms.current.evaluateBytecode(script);
    const delta = captureDelta(vms.current, image);
    const loaded = hashImage(captureImage(vms.current));
    for (let i = 0; i < 1_000; i++) {
      vms.restore('a', image, delta);
      if (i % 100 === 0) expect(hashImage(captureImage(vms.current))).toBe(loaded);
      vms.current.evaluateBytecode(script);
    }
    vms.restore('b', image);
    expect(foreignBytes(vms.current)).toBe(0);
  });
});

describe('a VM that waits', () => {
  const areas = new CheckpointAreas(MIB);
  let area: TakenArea;

  /** Runs a handler of `a` that waits in a VM, whose outcome is then collected. */
  async function wait(): Promise<Vm> {
    const vm = await runAs('a');
    area = areas.take('key') as TakenArea;
    expect(writeCheckpoint(vm, area)).toBe(true);
    vm.heap.fill(PATTERN, vm.layout.heapBase, vm.heapEnd);
    vms.noteCheckpoint(area);
    return vm;
  }

  it('is put back to its checkpoint while there is nothing else to do', async () => {
    const vm = await wait();
    await vms.tidy(() => false);
    const { dataEnd, heapBase } = vm.layout;
    expect(
      Buffer.compare(
        vm.heap.subarray(heapBase, vm.heapEnd),
        area.bytes.slice(dataEnd, dataEnd + vm.heapEnd - heapBase),
      ),
    ).toBe(0);
    area.release();
  });

  it('gets nothing of the handler that has its area by then, in another worker', async () => {
    const vm = await wait();
    area.release();
    const next = areas.take('key') as TakenArea;
    expect(next.start).toBe(area.start);
    next.bytes.fill(PATTERN);
    await vms.tidy(() => false);
    expect(vm.heap.includes(PATTERN)).toBe(false);
    next.release();
  });
});
