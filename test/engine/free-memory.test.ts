import { beforeAll, describe, expect, it } from 'vitest';
import { forgetUnused, visitFreeMemory } from '#src/engine/free-memory.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { COARSE, captureDelta, FINE } from '#src/engine/image/delta.js';
import { captureImage, type Image } from '#src/engine/image/image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import type { Vm } from '#src/engine/vm.js';

const limits = { memoryLimitBytes: 64 * 1024 * 1024, stackSizeBytes: 128 * 1024 };

let vm: Vm;
let image: Image;
let compiler: SourceCompiler;

beforeAll(async () => {
  const engine = await loadEngine();
  vm = await createExecutionVm(engine, limits);
  vm.deferCollection();
  image = captureImage(vm);
  compiler = await SourceCompiler.create(engine, limits.stackSizeBytes);
});

async function evaluate(script: string): Promise<void> {
  const compiled = await compiler.compile(script, 'script.js');
  if (!compiled.ok) throw new Error(compiled.problem.message);
  vm.evaluateBytecode(compiled.bytecode);
}

/** Leaves chunks of all sizes free, between ones that are in use. */
const fragments = (name: string) => `
  globalThis.${name} = [];
  for (let i = 1; i < 3000; i++) {
    const text = String.fromCharCode(65 + i % 26).repeat(i % 700) + '!';
    if (i % 3 === 0) ${name}.push(text.toLowerCase());
  }
`;
const SUM = '(() => { let n = 0; for (const text of kept) n += text.length + text.charCodeAt(0); return n })()';

/** Start and end of each area; undefined when the chunks do not add up. */
function freeAreas(): [number, number][] | undefined {
  const areas: [number, number][] = [];
  return visitFreeMemory(vm, (start, end) => areas.push([start, end])) ? areas : undefined;
}

describe('free memory', () => {
  it.each([
    ['a fresh VM', ''],
    ['fragments of all sizes', fragments('kept')],
    ['much that was let go', 'for (let i = 0; i < 50; i++) new Uint8Array(i * 10000).fill(7)'],
    ['much that is kept', 'globalThis.all = Array.from({ length: 50000 }, (_, i) => ({ i }))'],
  ])('is found in %s: the chunks of the heap add up', async (_what, script) => {
    restoreImage(vm, image);
    await evaluate(script);
    const areas = freeAreas() ?? [];
    expect(areas.length).toBeGreaterThan(0);
    let last = vm.layout.heapBase;
    for (const [start, end] of areas) {
      expect(start).toBeGreaterThan(last);
      expect(end).toBeGreaterThan(start);
      last = end;
    }
    expect(last).toBeLessThan(vm.heapEnd);
  });

  it('is not in a delta once it is forgotten, and the VM goes on with what is left', async () => {
    restoreImage(vm, image);
    await evaluate(`${fragments('kept')} globalThis.sum = ${SUM}; globalThis.size = 'let go '.repeat(10000).length`);
    const text = 'let go let go let go let go';
    expect(Buffer.from(captureDelta(vm, image, FINE).bytes).includes(text)).toBe(true);
    forgetUnused(vm, image);
    const delta = captureDelta(vm, image, FINE);
    expect(Buffer.from(delta.bytes).includes(text)).toBe(false);

    restoreImage(vm, image, delta);
    // Allocates in what was forgotten, and finds what was kept.
    await evaluate(`${fragments('more')} if (${SUM} !== sum || more[7] !== kept[7]) throw new Error('not the same');`);
  });

  it('free memory in a heap that does not add up is left alone', async () => {
    restoreImage(vm, image);
    await evaluate(fragments('kept'));
    const { heapBase } = vm.layout;
    for (const size of [0, 8, 2 ** 31]) {
      const sizes = new DataView(vm.heap.buffer);
      const head = sizes.getUint32(heapBase + 4, true);
      sizes.setUint32(heapBase + 4, size | 3, true);
      expect(freeAreas()).toBeUndefined();
      sizes.setUint32(heapBase + 4, head, true);
    }
    expect(freeAreas()?.length).toBeGreaterThan(0);
  });
});

describe('a delta', () => {
  it.each([
    ['coarse', COARSE],
    ['fine', FINE],
  ])('a delta of %s granularity gives the state it was captured in', async (_name, granularity) => {
    restoreImage(vm, image);
    await evaluate(fragments('kept'));
    const expected = captureImage(vm);
    const delta = captureDelta(vm, image, granularity);
    restoreImage(vm, image);
    restoreImage(vm, image, delta);
    const restored = captureImage(vm);
    expect(Buffer.compare(restored.data, expected.data)).toBe(0);
    expect(Buffer.compare(restored.heap, expected.heap)).toBe(0);
  });

  it('a delta of fine granularity is the smaller one', async () => {
    restoreImage(vm, image);
    await evaluate('globalThis.marker = { a: 1 }');
    const [coarse, fine] = [captureDelta(vm, image, COARSE), captureDelta(vm, image, FINE)];
    expect(fine.bytes.length).toBeLessThan(coarse.bytes.length / 2);
  });
});
