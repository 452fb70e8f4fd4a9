import { describe, expect, it } from 'vitest';

import { explainCapabilities, inferCapabilities } from '#src/capabilities/inference/infer.js';
import { CALLS_LEFT, limitCalls } from '#src/source/typescript/limit-calls.js';
import { stripTypes } from '#src/source/typescript/strip-types.js';

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;
const section = (id: number, ...content: number[]) => [id, content.length, ...content];
const name = (text: string) => [text.length, ...Buffer.from(text)];

/** `down(x)` calls itself x times. It has a local of its own, and the module a global before ours. */
const MODULE = Uint8Array.from([
  ...PREAMBLE,
  ...section(1, 1, 0x60, 1, I32, 1, I32),
  ...section(2, 1, ...name('m'), ...name('g'), 3, I32, 0),
  ...section(3, 1, 0),
  ...section(6, 1, I32, 0, 0x41, 7, 0x0b),
  ...section(7, 1, ...name('down'), 0, 0),
  ...section(
    10,
    1,
    ...[20, 1, 1, I32, 0x20, 0, 0x45, 0x04, I32, 0x23, 1, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x0b, 0x0b],
  ),
]);

describe('a module that counts its calls', () => {
  const module = new WebAssembly.Module(limitCalls(MODULE) as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { m: { g: 1 } });
  const left = exports[CALLS_LEFT] as WebAssembly.Global;
  const down = exports['down'] as (x: number) => number;

  it('does what it did while there are some left', () => {
    left.value = 11;
    expect(down(10)).toBe(7);
    expect(left.value).toBe(0);
  });

  it('traps at the call that is one too many', () => {
    left.value = 10;
    expect(() => down(10)).toThrow(WebAssembly.RuntimeError);
    expect(left.value).toBe(0);
  });
});

describe('TypeScript that takes long to be read', () => {
  /** Each level takes four times as many calls as the one before, so this would take far too long. */
  const explosive = `return ${'async<T>(x = '.repeat(60)}1${')'.repeat(60)}`;

  it('is an error after as many calls as there may be, and the next one is read', () => {
    expect(stripTypes(explosive, 100_000)).toEqual({
      ok: false,
      problem: { kind: 'nesting', message: expect.stringContaining('too long') },
    });
    expect(stripTypes('let a: number = 1', 100_000)).toEqual({ ok: true, script: 'let a         = 1' });
  });

  it('needs everything, for all that can be told in the time there is', () => {
    const everything = [
      'events:emit:*',
      'ext:*',
      'net:*',
      'signal:*',
      'state:read:*',
      'state:write:*',
      'timer:*',
      'view:update:*',
    ];
    expect(inferCapabilities(explosive, { filename: 'h.ts' })).toEqual(everything);
    const [first] = explainCapabilities(explosive, { filename: 'h.ts' });
    expect(first?.reasons).toEqual([{ line: 1, column: 1, reason: 'too deeply nested to be followed' }]);
    expect(inferCapabilities('$emit("x" as string)', { filename: 'h.ts' })).toEqual(['events:emit:x']);
  });

  it('is read as far as anybody writes: the largest that inference looks at', () => {
    const large = `${'0 as number;\n'.repeat(9_000)}$emit("x" as string);`;
    expect(inferCapabilities(large, { filename: 'h.ts' })).toContain('events:emit:x');
  });
});
