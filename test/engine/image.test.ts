import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

import { createExecutionVm } from '#build/engine/base-image.js';
import { captureDelta, captureImage, frameGapBytes, hashImage, restoreImage } from '#build/engine/image.js';
import { loadEngine } from '#build/engine/load-engine.js';
import { SourceCompiler } from '#build/engine/source-compiler.js';
import type { Vm } from '#build/engine/vm.js';

const run = promisify(execFile);
const program = fileURLToPath(new URL('hash-base-image.mjs', import.meta.url));
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

  it('cleans the stack below frames of which a large part was never written', async () => {
    const image = captureImage(vm);
    const before = vm.heap.slice();
    // Each frame has a place for all the numbers, and none is written: the innermost call throws before they are pushed.
    const script = `
      const hole = (n) => { if (n === 0) throw 1; return pick(hole(n - 1), ${Array.from({ length: 1_500 }, (_, i) => i)}); };
      const pick = (first) => first;
      try { hole(5) } catch {}
    `;
    const bytecode = await evaluate(script);
    restoreImage(vm, image);
    expect(Buffer.compare(vm.heap, before)).not.toBe(0);
    await evaluate(script);
    restoreImage(vm, image, undefined, frameGapBytes(bytecode.length));
    expect(Buffer.compare(vm.heap, before)).toBe(0);
  });

  it('with a delta gives the state the delta was captured in', async () => {
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

  it('in another instance gives the same VM: pointers agree', async () => {
    const other = await createExecutionVm(await loadEngine(), limits);
    expect(hashImage(captureImage(other))).toBe(hashImage(captureImage(vm)));
  });
});
