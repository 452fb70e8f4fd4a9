import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

import { createExecutionVm } from '#src/engine/image/base-image.js';
import { captureDelta, mergeDelta } from '#src/engine/image/delta.js';
import { captureImage, hashImage } from '#src/engine/image/image.js';
import { restoreImage, wipe } from '#src/engine/image/restore.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import type { Vm } from '#src/engine/vm.js';
import { bundleSource } from '../support/sources/bundle-source.js';

const run = promisify(execFile);
const program = fileURLToPath(await bundleSource('test/engine/hash-base-image.mjs'));
const limits = { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 128 * 1024 };

async function hashIn(env: Record<string, string>, script = program, args: string[] = []): Promise<string> {
  const { stdout } = await run(process.execPath, [script, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  return stdout.trim();
}

describe('the base image', () => {
  it('is byte-identical across processes, time zones, languages, program names and memory limits', async () => {
    const renamed = fileURLToPath(new URL('another-program-name.mjs', import.meta.url));
    await copyFile(program, renamed);
    try {
      const hashes = await Promise.all([
        hashIn({ TZ: 'UTC', LANG: 'C' }),
        hashIn({ TZ: 'America/New_York', LANG: 'de_DE.UTF-8', HOME: '/nowhere', USER: 'somebody' }),
        hashIn({ TZ: 'Asia/Kathmandu', LANG: 'ja_JP.UTF-8', LC_ALL: 'tr_TR.UTF-8' }, renamed, [
          String(64 * 1024 * 1024),
        ]),
      ]);
      expect(new Set(hashes).size).toBe(1);
      expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    } finally {
      await rm(renamed);
    }
  });
});

/**
 * Each frame has room for all the numbers, but none is written: the innermost call throws before they are
 * pushed.
 */
const HOLES = `
  const hole = (n) => { if (n === 0) throw 1; return pick(hole(n - 1), ${Array.from({ length: 400 }, (_, i) => i)}); };
  const pick = (first) => first;
  try { hole(5) } catch {}
`;

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

describe('restoring an image', () => {
  let vm: Vm;
  let compiler: SourceCompiler;

  beforeAll(async () => {
    const engine = await loadEngine();
    vm = await createExecutionVm(engine, limits);
    compiler = await SourceCompiler.create(engine, limits.stackSizeBytes);
  });

  async function evaluate(script: string): Promise<Uint8Array> {
    const compiled = await compiler.compile(script, 'script.js');
    if (!compiled.ok) throw new Error(compiled.problem.message);
    vm.evaluateBytecode(compiled.bytecode);
    return compiled.bytecode;
  }

  it('puts back every byte, whatever the guest left in data, heap and stack', async () => {
    const image = captureImage(vm);
    restoreImage(vm, image);
    const before = vm.heap.slice();
    await evaluate(`
      globalThis.leak = Array.from({ length: 2000 }, (_, i) => 'secret ' + i);
      Array.prototype.map = null;
      (function deep(n) { return n === 0 ? 0 : 1 + deep(n - 1) })(500);
    `);
    expect(Buffer.from(vm.heap).includes('secret 1234')).toBe(true);
    restoreImage(vm, image);
    expect(Buffer.compare(vm.heap, before)).toBe(0);
  });

  it.each([
    ['frames of which a large part is never written', HOLES],
    ['the deepest recursion', 'let n = 0; const deep = () => { n++; deep(); }; try { deep() } catch {}'],
    [
      'the deepest recursion of native functions',
      `
      let nested = []; for (let i = 0; i < 2000; i++) nested = [nested];
      try { JSON.stringify(nested) } catch {}
      try { [nested].flat(Infinity) } catch {}
      let proxy = {}; for (let i = 0; i < 2000; i++) proxy = new Proxy(proxy, {});
      try { proxy.x } catch {}
    `,
    ],
    [
      'a function with thousands of bound arguments',
      `
      const bound = Math.max.bind(null, ...Array.from({ length: 2000 }, (_, i) => i)); bound();
    `,
    ],
    ['an allocation that memory grows for', 'globalThis.all = Array.from({ length: 200000 }, (_, i) => ({ i }))'],
  ])('leaves nothing of %s, going by the marks of the engine alone', async (_what, script) => {
    const image = captureImage(vm);
    restoreImage(vm, image);
    // Less than the native stack of this thread is made for.
    vm.applyStackSize(24 * 1024);
    await evaluate(script);
    // Nothing was written between the marks: the bounds are correct, not merely large.
    const { heap, stackLow, heapEnd, layout } = vm;
    expect(isZero(heap.subarray(layout.dataEnd, stackLow))).toBe(true);
    expect(isZero(heap.subarray(heapEnd))).toBe(true);
    restoreImage(vm, image);
    expect(isZero(vm.heap.subarray(layout.dataEnd, layout.heapBase))).toBe(true);
    expect(isZero(vm.heap.subarray(layout.heapBase + image.heap.length))).toBe(true);
    expect(hashImage(captureImage(vm))).toBe(hashImage(image));
  });

  it('restoring an image by wiping leaves nothing of what was written anywhere, past the marks and over the allocator', async () => {
    const image = captureImage(vm);
    vm.heap.fill(0xa5);
    wipe(vm, image);
    const { layout, heap } = vm;
    expect(isZero(heap.subarray(layout.dataEnd, layout.heapBase))).toBe(true);
    expect(isZero(heap.subarray(layout.heapBase + image.heap.length))).toBe(true);
    expect(hashImage(captureImage(vm))).toBe(hashImage(image));
    await evaluate('if ([3, 1, 2].sort().join() !== "1,2,3") throw new Error()');
    restoreImage(vm, image);
  });

  it('merged with a delta is the image of the two', async () => {
    const image = captureImage(vm);
    await evaluate('globalThis.marker = { list: [1, 2, 3], text: "x".repeat(500000) }');
    const delta = captureDelta(vm, image);
    const merged = mergeDelta(image, delta, vm.layout);
    restoreImage(vm, image, delta);
    const expected = captureImage(vm);
    restoreImage(vm, merged);
    expect(hashImage(captureImage(vm))).toBe(hashImage(expected));
    expect(vm.heapEnd).toBe(merged.heapEnd);
    restoreImage(vm, image);
  });

  it('restoring an image with a delta gives the state the delta was captured in', async () => {
    const image = captureImage(vm);
    await evaluate('globalThis.marker = { list: [1, 2, 3], text: "x".repeat(5000) }');
    const delta = captureDelta(vm, image);
    const expected = hashImage(captureImage(vm));
    expect(delta.bytes.length).toBeLessThan(40_000);
    restoreImage(vm, image);
    expect(hashImage(captureImage(vm))).toBe(hashImage(image));
    restoreImage(vm, image, delta);
    expect(hashImage(captureImage(vm))).toBe(expected);
    restoreImage(vm, image);
  });

  it('restoring an image in another instance gives the same VM: pointers agree', async () => {
    const other = await createExecutionVm(await loadEngine(), limits);
    expect(hashImage(captureImage(other))).toBe(hashImage(captureImage(vm)));
  });
});
