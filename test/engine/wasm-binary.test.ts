import { describe, expect, it } from 'vitest';
import { WasmBinary } from '#src/engine/build/wasm/binary.js';
import { I32, wasm } from '#src/engine/build/wasm/instructions.js';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, ...body: number[]) => [id, body.length, ...body];
const name = (text: string) => [text.length, ...Buffer.from(text)];

const TYPES = section(1, 2, 0x60, 1, I32, 1, I32, 0x60, 1, I32, 0);
const NO_IMPORTS = section(2, 0);
/** One function, `call(slot) -> i32`, that returns what function `slot` of the table returns for 1. */
const FUNCTIONS = section(3, 1, 0);
const EXPORTS = section(7, 1, ...name('call'), 0, 0);
const ELEMENTS = section(9, 1, 0, ...wasm.i32Const(0), ...wasm.end, 1, 0);
const BODY = [0, ...wasm.i32Const(1), ...wasm.get(0), 0x11, 0, 0, ...wasm.end];
const CODE = section(10, 1, BODY.length, ...BODY);
const OWN_TABLE = section(4, 1, 0x70, 0, 1);
const BOUNDED_TABLE = section(4, 1, 0x70, 1, 1, 1);

const moduleWith = (...table: number[][]) =>
  Uint8Array.from([HEADER, TYPES, NO_IMPORTS, FUNCTIONS, ...table, EXPORTS, ELEMENTS, CODE].flat());

describe('a function put into the table', () => {
  it.each([
    ['without a maximum', OWN_TABLE],
    ['that is as large as it may be', BOUNDED_TABLE],
  ])('a function put into the table of a module %s is called through its slot', (_kind, table) => {
    const binary = new WasmBinary(moduleWith(table));
    const slots = [10, 300].map((term) => {
      const body = [0, ...wasm.get(0), ...wasm.i32Const(term), ...wasm.i32Add, ...wasm.end];
      return binary.appendToTable(binary.appendFunction(0, Uint8Array.from(body)));
    });
    expect(slots).toEqual([1, 2]);
    const { call } = new WebAssembly.Instance(new WebAssembly.Module(binary.encode()), {}).exports as {
      call(slot: number): number;
    };
    expect(slots.map(call)).toEqual([11, 301]);
    expect(() => call(3)).toThrow(expect.objectContaining({ name: 'RuntimeError' }));
  });

  it.each([
    ['no table', []],
    ['two tables', [section(4, 2, 0x70, 0, 1, 0x70, 0, 1)]],
    ['a table of something else', [section(4, 1, 0x6f, 0, 1)]],
  ])('needs a table of functions: %s is refused', (_kind, tables) => {
    expect(() => new WasmBinary(moduleWith(...tables)).appendToTable(0)).toThrow(RangeError);
  });
});

it('a function type is found by its parameters, when it returns nothing', () => {
  const binary = new WasmBinary(moduleWith(OWN_TABLE));
  expect(binary.procedureType([I32])).toBe(1);
  expect(binary.procedureType([I32, I32])).toBeUndefined();
  expect(binary.procedureType([])).toBeUndefined();
});
