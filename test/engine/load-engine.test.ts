import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { ENGINE_URL } from '#src/assets.js';
import { ADDED_EXPORTS } from '#src/engine/binary-interface.js';
import { rewriteEngine } from '#src/engine/build/rewrite.js';
import { WasmBinary } from '#src/engine/build/wasm/binary.js';
import { TRACKER_PARAMETERS } from '#src/engine/build/wasm/rejection-tracker.js';
import { KNOWN_ENGINES } from '#src/engine/known-engines.js';
import { loadEngine, prepareEngine } from '#src/engine/load-engine.js';
import { decodeOptimisedEngine, encodeOptimisedEngine } from '#src/engine/optimised-engine.js';

const path = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
const upstream = await readFile(path);
const optimised = await readFile(ENGINE_URL);
const [table] = KNOWN_ENGINES;
if (table === undefined) throw new Error('no known engine');

describe('the rewrite', () => {
  it('adds its four exports and leaves every upstream function as it was', () => {
    const before = new WasmBinary(upstream);
    const after = new WasmBinary(rewriteEngine(upstream, table).wasm);
    for (const name of Object.values(ADDED_EXPORTS)) {
      expect(before.exportedFunction(name)).toBeUndefined();
      expect(after.exportedFunction(name)).toBeTypeOf('number');
    }
    for (const name of Object.values(table.exports)) {
      const index = before.exportedFunction(name) ?? -1;
      expect(after.exportedFunction(name)).toBe(index);
      expect(Buffer.from(after.functionBody(index)).equals(before.functionBody(index))).toBe(true);
    }
  });

  it('changes the copies in their flags and nothing else', () => {
    const binary = new WasmBinary(rewriteEngine(upstream, table).wasm);
    const original = binary.functionBody(binary.exportedFunction(table.exports.writer) ?? -1);
    const copy = binary.functionBody(binary.exportedFunction(ADDED_EXPORTS.writeBytecode) ?? -1);
    expect(copy.length).toBe(original.length);
    expect([...copy].filter((byte, i) => byte !== original[i])).toHaveLength(1);
  });

  it('puts the rejection tracker behind the functions that the table holds already', () => {
    const { wasm, rejectionTracker } = rewriteEngine(upstream, table);
    const appended = new WasmBinary(wasm).appendToTable(0);
    expect(new WasmBinary(upstream).appendToTable(0)).toBe(rejectionTracker);
    expect(appended).toBe(rejectionTracker + 1);
  });

  it('stops when the engine calls no function of the type of a rejection tracker', () => {
    const foreign = Buffer.from(upstream);
    const type = Buffer.from([0x60, TRACKER_PARAMETERS.length, ...TRACKER_PARAMETERS, 0]);
    const at = foreign.indexOf(type);
    expect(foreign.indexOf(type, at + 1)).toBe(-1);
    const float = 0x7d;
    foreign[at + 2] = float;
    expect(() => rewriteEngine(foreign, table)).toThrow(/no function type for a rejection tracker/);
  });

  it('stops when a fact of its table does not hold', () => {
    const wrong = { ...table, writerFlags: { upstream: 12345678901234n, withBytecode: 1n } };
    expect(() => rewriteEngine(upstream, wrong)).toThrow(/occurs 0 times instead of once/);
    const elsewhere = { ...table, tailCall: { ...table.tailCall, frameOffset: 81 } };
    expect(() => rewriteEngine(upstream, elsewhere)).toThrow(/tail calls occurs 0 times/);
    expect(() => rewriteEngine(upstream, { ...table, exports: { writer: 'nope', reader: 'Ka' } })).toThrow(/nope/);
  });
});

describe('the optimised engine', () => {
  const { upstreamSha256 } = table;

  it('has what the rewritten one has', () => {
    const { wasm, layout, rejectionTracker } = decodeOptimisedEngine(optimised, upstreamSha256);
    const rewritten = rewriteEngine(upstream, table);
    expect({ layout, rejectionTracker }).toEqual({
      layout: rewritten.layout,
      rejectionTracker: rewritten.rejectionTracker,
    });
    const binary = new WasmBinary(wasm);
    for (const name of [...Object.values(ADDED_EXPORTS), ...Object.values(table.exports)]) {
      expect(binary.exportedFunction(name)).toBeTypeOf('number');
    }
  });

  it('is refused when it was made of another binary', () => {
    const other = encodeOptimisedEngine('0'.repeat(64), rewriteEngine(upstream, table));
    expect(() => decodeOptimisedEngine(other, upstreamSha256)).toThrow(/npm run build/);
  });
});

describe('loading the engine', () => {
  it('happens once per process', async () => {
    expect(await loadEngine()).toBe(await loadEngine());
  });

  it('refuses a binary it does not know, before compiling it, and says what to do', async () => {
    const unknown = Buffer.from(upstream);
    unknown[unknown.length - 1] = (unknown[unknown.length - 1] ?? 0) ^ 1;
    await expect(prepareEngine(unknown, optimised)).rejects.toMatchObject({
      code: 'ENGINE_MISMATCH',
      message: expect.stringContaining('scripts/derive-engine-table.mjs'),
    });
  });
});
