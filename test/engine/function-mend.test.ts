import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FunctionMend, mendFunctions } from '#src/engine/build/memory-safety/function-mend.js';
import { wasm } from '#src/engine/build/memory-safety/instructions.js';
import { mendsOf } from '#src/engine/build/memory-safety/known-mends.js';
import { I32 } from '#src/engine/build/wasm/instructions.js';
import { KNOWN_ENGINES } from '#src/engine/known-engines.js';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, ...body: number[]) => [id, body.length, ...body];
const name = (text: string) => [text.length, ...Buffer.from(text)];
const body = (...code: number[]) => [code.length + 1, 0, ...code];

/** Two functions of a number: `plus(x)` is x + 1, `twice(x)` is plus(plus(x)). */
const MODULE = Uint8Array.from(
  [
    HEADER,
    section(1, 1, 0x60, 1, I32, 1, I32),
    section(2, 0),
    section(3, 2, 0, 0),
    section(7, 2, ...name('plus'), 0, 0, ...name('twice'), 0, 1),
    section(
      10,
      2,
      ...body(...wasm.get(0), ...wasm.i32Const(1), ...wasm.i32Add, ...wasm.end),
      ...body(...wasm.get(0), ...wasm.call(0), ...wasm.call(0), ...wasm.end),
    ),
  ].flat(),
);

function run(mends: readonly FunctionMend[]): [plus: number, twice: number] {
  const bytes = mendFunctions(MODULE, mends) as Uint8Array<ArrayBuffer>;
  const { plus, twice } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports as Record<
    'plus' | 'twice',
    (x: number) => number
  >;
  return [plus(10), twice(10)];
}

describe('a mend', () => {
  it('leaves a binary as it is when there is none', () => {
    expect(mendFunctions(MODULE, [])).toBe(MODULE);
    expect(run([])).toEqual([11, 12]);
  });

  it('puts more, or less, in the place of instructions, and those who call the function get it', () => {
    const longer = { from: [wasm.i32Const(1), wasm.i32Add], to: [wasm.i32Const(1_000), wasm.i32Add] };
    expect(run([{ name: 'more', functionIndex: 0, edits: [longer] }])).toEqual([1_010, 2_010]);
    const shorter = { from: [wasm.i32Const(1), wasm.i32Add], to: [] };
    expect(run([{ name: 'less', functionIndex: 0, edits: [shorter] }])).toEqual([10, 10]);
  });

  it('takes the place of a function and may call what was there', () => {
    const wrapper = (original: number) => [wasm.get(0), wasm.call(original), wasm.i32Const(100), wasm.i32Add, wasm.end];
    expect(run([{ name: 'around', functionIndex: 0, wrapper }])).toEqual([111, 212]);
  });

  it('is one of several of the same function', () => {
    const edit = (from: number, to: number) => [{ from: [wasm.i32Const(from)], to: [wasm.i32Const(to)] }];
    const mends = [1, 2].map((n) => ({ name: `${n}`, functionIndex: 0, edits: edit(n, n + 1) }));
    expect(run(mends)).toEqual([13, 16]);
  });

  it.each([
    ['never', 5, 0],
    ['twice', 0, 2],
  ])('is refused by its name when its instructions occur %s', (_times, constant, times) => {
    const from = times === 2 ? [wasm.call(0)] : [wasm.i32Const(constant)];
    const mend = { name: 'of nothing', functionIndex: 1, edits: [{ from, to: [] }] };
    expect(() => run([mend])).toThrow(`the mend "of nothing" does not fit: its instructions occur ${times} times`);
  });

  it('a mend of a function that is not there is refused', () => {
    expect(() => run([{ name: 'none', functionIndex: 7, edits: [] }])).toThrow(RangeError);
  });
});

describe('the mends of the engine', () => {
  let upstream: Uint8Array;
  const [engine] = KNOWN_ENGINES;
  const mends = mendsOf(engine?.upstreamSha256 ?? '');

  beforeAll(async () => {
    const resolve = createRequire(import.meta.url).resolve;
    upstream = await readFile(resolve('@jitl/quickjs-wasmfile-release-sync/wasm'));
  });

  it('fit the binary that is installed, and make a valid one of it', () => {
    expect(mends.length).toBeGreaterThan(0);
    const mended = mendFunctions(upstream, mends);
    expect(mended.length).not.toBe(upstream.length);
    expect(new WebAssembly.Module(mended as Uint8Array<ArrayBuffer>)).toBeInstanceOf(WebAssembly.Module);
  });

  it('are none for a binary that is not known', () => {
    expect(mendsOf('f'.repeat(64))).toEqual([]);
  });
});
