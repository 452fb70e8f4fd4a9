import { describe, expect, it } from 'vitest';

import { limitMemory } from '#src/source/typescript/limit-memory.js';
import { stripTypes } from '#src/source/typescript/strip-types.js';
import { MAX_STRIPPER_MEMORY_BYTES, retainedStripperBytes } from '#src/source/typescript/stripper.js';

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const EXPORT = [7, 7, 1, 3, ...Buffer.from('mem'), 2, 0];

function moduleWith(...memory: number[]): Uint8Array {
  return Uint8Array.from([...PREAMBLE, ...memory, ...EXPORT]);
}

function memoryOf(binary: Uint8Array): WebAssembly.Memory {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {});
  return exports['mem'] as WebAssembly.Memory;
}

describe('a memory', () => {
  it.each([
    ['without a bound', [5, 3, 1, 0, 1]],
    ['with a higher bound', [5, 5, 1, 1, 1, 0x80, 0x08]],
    ['with a lower bound', [5, 4, 1, 1, 1, 2]],
  ])('%s grows as far as it is told, and no further', (_name, section) => {
    const memory = memoryOf(limitMemory(moduleWith(...section), 300));
    memory.grow(299);
    expect(memory.buffer.byteLength).toBe(300 * 64 * 1024);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  it.each([
    ['there is none', []],
    ['there are two', [5, 5, 2, 0, 1, 0, 1]],
    ['it is shared', [5, 4, 1, 3, 1, 2]],
    ['it is larger from the start', [5, 4, 1, 0, 0x80, 0x08]],
  ])('is refused when %s', (_name, section) => {
    expect(() => limitMemory(moduleWith(...section), 300)).toThrow(/memory/);
  });
});

describe('TypeScript that takes too much memory', () => {
  it('is an error of its own, the next one is read by a stripper of usual size', { timeout: 120_000 }, () => {
    expect(stripTypes(';'.repeat(8 * 1024 * 1024))).toEqual({
      ok: false,
      problem: { kind: 'memory', message: expect.stringContaining(`${MAX_STRIPPER_MEMORY_BYTES / 2 ** 20} MiB`) },
    });
    expect(retainedStripperBytes()).toBe(0);
    expect(stripTypes('let a: number = 1')).toEqual({ ok: true, script: 'let a         = 1' });
    expect(retainedStripperBytes()).toBeLessThan(4 * 1024 * 1024);
  });
});
