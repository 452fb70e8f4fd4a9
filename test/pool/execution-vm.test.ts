import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { captureDelta, captureImage, type Image } from '#build/engine/image.js';
import { type EngineModule, loadEngine } from '#build/engine/load-engine.js';
import { SourceCompiler } from '#build/engine/source-compiler.js';
import { ExecutionVm } from '#build/pool/execution-vm.js';

const limits = { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 256 * 1024 };

/** Each frame has a place for many values, and none is written: the innermost call throws before they are pushed. */
const NUMBERS = Array.from({ length: 3_000 }, (_, i) => i).join();
const WITH_HOLES = `
  const hole = (n) => { if (n === 0) throw 1; return pick(hole(n - 1), ${NUMBERS}); };
  const pick = (first) => first;
  try { hole(5) } catch {}
`;

let engine: EngineModule;
let withHoles: Uint8Array;
let shallow: Uint8Array;
let vm: ExecutionVm;
let image: Image;

beforeAll(async () => {
  engine = await loadEngine();
  const compiler = await SourceCompiler.create(engine, limits.stackSizeBytes);
  const compile = async (script: string) => {
    const compiled = await compiler.compile(script, 'script.js');
    if (!compiled.ok) throw new Error(compiled.problem.message);
    return compiled.bytecode;
  };
  [withHoles, shallow] = [await compile(WITH_HOLES), await compile('globalThis.n = 1')];
});

beforeEach(async () => {
  vm = await ExecutionVm.create(engine, limits);
  image = captureImage(vm.current);
});

/** Bytes of the stack that are not zero. */
function dirtyStack(): number {
  const { dataEnd, heapBase } = vm.current.layout;
  return vm.current.heap.subarray(dataEnd, heapBase).filter((byte) => byte !== 0).length;
}

/** @param codeBytes undefined when they are not known */
function runAs(owner: string, script: Uint8Array, codeBytes: number | undefined): void {
  vm.restore(owner, image, undefined, codeBytes);
  vm.current.evaluateBytecode(script);
}

describe('the VM of a worker', () => {
  it.each([
    ['whose size is known', () => withHoles.length],
    ['whose size is not known', () => undefined],
  ])('is given to another handler with a clean stack after one %s', (_title, size) => {
    runAs('a', withHoles, size());
    expect(dirtyStack()).toBeGreaterThan(0);
    vm.restore('b', image);
    expect(dirtyStack()).toBe(0);
  });

  it.each([
    ['whose size is known', () => withHoles.length],
    ['whose size is not known', () => undefined],
  ])('is clean, too, when the handler %s ran again in between, and less deep', (_title, size) => {
    runAs('a', withHoles, size());
    runAs('a', shallow, size());
    vm.restore('b', image);
    expect(dirtyStack()).toBe(0);
  });

  it('is the same after a thousand runs of one handler', () => {
    vm.current.evaluateBytecode(shallow);
    const delta = captureDelta(vm.current, image);
    const loaded = captureImage(vm.current);
    for (let i = 0; i < 1_000; i++) {
      vm.restore('a', image, delta, shallow.length);
      if (i % 100 === 0) expect(captureDelta(vm.current, loaded).bytes.length).toBe(0);
      vm.current.evaluateBytecode(shallow);
    }
    vm.restore('b', image);
    expect(captureDelta(vm.current, image).bytes.length).toBe(0);
  });
});
