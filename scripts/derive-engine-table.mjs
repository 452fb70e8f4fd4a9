// Derives the facts of src/engine/known-engines.ts for the installed @jitl/quickjs-wasmfile-release-sync, and proves each
// by running the engine that results from it. Prints the table; nothing is written.
//
//   npm run build && node scripts/derive-engine-table.mjs
//
// When a step finds nothing or more than one candidate, upstream has changed its shape: read the function it names.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { LebReader } from '../build/codec/leb128.js';
import { fittingMends, MENDS } from '../build/engine/build/mends/index.js';
import { addFunctions, rewriteEngine } from '../build/engine/build/rewrite.js';
import { SectionId, WasmBinary } from '../build/engine/build/wasm/binary.js';
import { countStackChecks } from '../build/engine/build/wasm/stack-checks.js';
import { KNOWN_ENGINES } from '../build/engine/known-engines.js';
import { LinearMemory } from '../build/engine/linear-memory.js';
import { instantiateQuickJs } from '../build/engine/quickjs-module.js';
import { REJECTION_BLOCK_BYTES, RejectionList } from '../build/engine/rejection-list.js';
import { findArrayBufferFields } from '../build/engine/runtime-fields.js';

const PACKAGE = '@jitl/quickjs-wasmfile-release-sync';
const I64_CONST = 0x42;
const I64_STORE = 0x37;
const CALL = 0x10;
const COMPILE_ONLY = 32;
const STRIP_SOURCE = 1;
/** They are written for one binary, and change none of these facts. */
const NO_MENDS = [];
const FUNCTION_TAG = 12;
/** What emscripten builds choose from. */
const STACK_SIZES = [16, 8, 5, 4, 2, 1].map((mib) => mib * 1024 * 1024);
/** `[x, x]` with x = [], the second a reference to the first. */
const SHARED = Uint8Array.of(5, 0, 9, 2, 9, 0, 19, 1);
/** Of three promises that are rejected one is handled afterwards. */
const REJECTING = '[1, 2, 3].map((reason) => Promise.reject(reason))[1].catch(() => {})';
/** Of a buffer of which all is known. */
const KNOWN_BYTES = 1000;
const STACK_POINTER_GLOBAL = 0;
/** More than a probe takes of the heap. */
const FRESH_HEAP_BYTES = 2 ** 20;
const PROBE = '[(async function () {}).name, 40 + 2][1]';

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve(`${PACKAGE}/wasm`));
const glue = readFileSync(require.resolve(`${PACKAGE}/wasm`).replace(/\.wasm$/, '.mjs'), 'utf8');
const { version } = require(`${PACKAGE}/package.json`);
const binary = new WasmBinary(wasm);

function print(value) {
  return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? `${item}n` : item), 2);
}

/** The only group that `pattern` finds in the glue code. */
function inGlue(what, pattern) {
  const found = new Set([...glue.matchAll(pattern)].map((match) => match[1]));
  if (found.size !== 1) throw new Error(`${what}: ${found.size} candidates in the glue code (${[...found]})`);
  return [...found][0];
}

/** The candidates for which `works` succeeds; one may fail in any way. */
async function thatWork(candidates, works) {
  const good = [];
  for (const candidate of candidates) {
    try {
      if (await works(candidate)) good.push(candidate);
    } catch {
      // A wrong candidate traps, or the rewrite refuses it.
    }
  }
  return good;
}

/** The only one that works. */
async function findUnique(what, candidates, works) {
  const good = await thatWork(candidates, works);
  if (good.length !== 1) {
    throw new Error(`${what}: ${good.length} of ${candidates.length} candidates work ${print(good)}`);
  }
  return good[0];
}

const exportName = (name) => inGlue(name, new RegExp(`d\\._${name}=b\\.([\\w$]+)[;,]`, 'g'));
const exports = { writer: exportName('QTS_bjson_encode'), reader: exportName('QTS_bjson_decode') };
const imports = {
  memory: inGlue('memory', /[,{](\w+):t[,}]/g),
  now: inGlue('now', /(\w+):\(\)=>Date\.now\(\)/g),
  localTime: inGlue('localTime', /(\w+):function\(a,c\)\{[^}]*getSeconds\(\)/g),
  timeZone: inGlue('timeZone', /(\w+):\(a,c,b,e\)=>\{var f=\(new Date\)\.getFullYear\(\)/g),
  environ: inGlue('environ', /(\w+):\(a,c\)=>\{var b=0,e=0,f;for\(f of \w+\(\)\)/g),
  environSizes: inGlue('environSizes', /(\w+):\(a,c\)=>\{var b=\w+\(\);M\[a>>2\]=b\.length/g),
  resizeHeap: inGlue('resizeHeap', /(\w+):a=>\{var c=K\.length;a>>>=0;if\(2147483648<a\)/g),
  callHost: inGlue('callHost', /(\w+):function\([\w,]+\)\{return d\.callbacks\.callFunction\(/g),
  freeHostFunction: inGlue('freeHostFunction', /(\w+):function\([\w,]+\)\{d\.callbacks\.freeHostRef\(/g),
};

/** Offsets in a function's code at which an instruction may start and that `read` recognises. */
function scan(body, read) {
  const found = [];
  for (let offset = 0; offset < body.length; offset++) {
    try {
      const value = read(new LebReader(body, offset));
      if (value !== undefined) found.push(value);
    } catch {
      // Past the end.
    }
  }
  return found;
}

function signed64(reader) {
  let result = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = reader.byte();
    result |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(64, byte & 0x40 ? result | (-1n << (shift + 7n)) : result);
  }
}

const bodyOf = (name) => binary.functionBody(binary.exportedFunction(name));
const writerConstants = scan(bodyOf(exports.writer), (reader) =>
  reader.byte() === I64_CONST ? signed64(reader) : undefined,
);
const readerOffsets = scan(bodyOf(exports.reader), (reader) => {
  if (reader.byte() !== I64_CONST || signed64(reader) !== 0n || reader.byte() !== I64_STORE) return undefined;
  reader.byte();
  return reader.unsigned();
});
const evalName = exportName('QTS_Eval');
const calledByEval = scan(bodyOf(evalName), (reader) => (reader.byte() === CALL ? reader.unsigned() : undefined));

/** A table in which the facts that are not known yet are harmless. */
const draft = {
  name: `${PACKAGE}@${version}`,
  upstreamSha256: createHash('sha256').update(wasm).digest('hex'),
  exports,
  writerFlags: { upstream: 0n, withBytecode: 0n },
  readerFlags: { frameOffset: 0, withBytecode: 0n, withReferences: 0n },
  // The same in all versions so far; the rewrite reports if it is not.
  tailCall: KNOWN_ENGINES[0].tailCall,
  evalFunctionIndex: binary.exportedFunction(evalName),
  imports,
  breakPointerAddress: 0,
  stripFlagsOffset: 0,
  rejectionTrackerOffset: 0,
  // Found last, because the other facts need no mends.
  mends: [],
  stackBytes: STACK_SIZES.at(-1),
  heapBase: binary.globalI32(STACK_POINTER_GLOBAL),
  memoryPages: importedPages(),
  stackLimit: { runtimeOffset: 0, limitOffset: 0, checks: 0 },
};

/** The minimum size of the memory that the module imports. */
function importedPages() {
  const MEMORY = 2;
  const reader = new LebReader(binary.section(SectionId.import));
  for (let left = reader.unsigned(); left > 0; left--) {
    reader.take(reader.unsigned());
    reader.take(reader.unsigned());
    const kind = reader.byte();
    if (kind === MEMORY) reader.byte();
    const number = reader.unsigned();
    if (kind === MEMORY) return number;
  }
  throw new Error('the module imports no memory');
}

/** @param rewrite with upstream's memory, or with ours */
async function instantiate(table, rewrite = addFunctions) {
  const { wasm: bytes, ...added } = rewrite(wasm, table, rewrite === addFunctions ? NO_MENDS : undefined);
  const module = await WebAssembly.compile(bytes);
  const instance = await instantiateQuickJs(
    { module, ...added, table, fingerprint: table.name },
    { initialPages: 256, maximumPages: 1024, intrinsics: { BaseObjects: true, Eval: true, Promise: true } },
    { now: () => 0, memoryCeiling: () => Number.POSITIVE_INFINITY, onHeapExhausted: () => {} },
  );
  return { ...instance, rejectionTracker: added.rejectionTracker };
}

/**
 * For a fact that is looked for at hundreds of places: an instance that is put back into its first state costs a hundredth of a new one.
 *
 * @returns a function that makes a test of candidates of one that takes an instance as it was made, and a candidate
 */
async function freshInstances(table) {
  let instance = await instantiate(table);
  const bytesOf = ({ memory }) => new Uint8Array(memory.buffer);
  const size = bytesOf(instance).length;
  const first = bytesOf(instance).slice(0, bytesOf(instance).findLastIndex((byte) => byte !== 0) + FRESH_HEAP_BYTES);
  return (works) => async (candidate) => {
    instance ??= await instantiate(table);
    try {
      return works(instance, candidate);
    } catch (error) {
      // The globals of one that trapped are not as they were.
      instance = undefined;
      throw error;
    } finally {
      if (instance !== undefined && bytesOf(instance).length === size) bytesOf(instance).set(first);
      else instance = undefined;
    }
  };
}

function compile({ functions, contextPointer, memory }, source) {
  const text = Buffer.from(`${source}\0`);
  const pointer = functions.malloc(text.length);
  new Uint8Array(memory.buffer).set(text, pointer);
  const compiled = functions.QTS_Eval(contextPointer, pointer, text.length - 1, 'probe.js', 0, COMPILE_ONLY);
  if (functions.QTS_ResolveException(contextPointer, compiled) !== 0) throw new Error('the probe does not compile');
  return compiled;
}

function writeBytecode(instance, compiled) {
  const { functions, contextPointer, memory } = instance;
  const buffer = functions.writeBytecode(contextPointer, compiled);
  if (functions.QTS_ResolveException(contextPointer, buffer) !== 0) throw new Error('the writer refuses bytecode');
  const known = functions.malloc(KNOWN_BYTES);
  const probe = functions.QTS_NewArrayBuffer(contextPointer, known, KNOWN_BYTES);
  const cell = new DataView(memory.buffer);
  const { recordOffset, dataOffset } = findArrayBufferFields(cell, probe, known, KNOWN_BYTES);
  const record = cell.getUint32(cell.getUint32(buffer, true) + recordOffset, true);
  const length = cell.getUint32(record, true);
  const start = cell.getUint32(record + dataOffset, true);
  return new Uint8Array(memory.buffer).slice(start, start + length);
}

function read({ functions, contextPointer, memory }, reader, bytes) {
  const copy = functions.malloc(bytes.length);
  new Uint8Array(memory.buffer).set(bytes, copy);
  const value = functions[reader](contextPointer, functions.QTS_NewArrayBuffer(contextPointer, copy, bytes.length));
  return functions.QTS_ResolveException(contextPointer, value) === 0 ? value : undefined;
}

function run(instance, bytecode) {
  const { functions, contextPointer, memory } = instance;
  const fn = read(instance, 'readBytecode', bytecode);
  if (fn === undefined) throw new Error('the reader refuses bytecode');
  const cell = new DataView(memory.buffer);
  const result = functions.evalFunction(contextPointer, cell.getBigUint64(fn, true));
  cell.setBigUint64(fn, BigInt.asUintN(64, result), true);
  return functions.QTS_GetFloat64(contextPointer, fn);
}

// Until the writer's constant is found, any constant that occurs once keeps the rewrite going.
const placeholderOffset = readerOffsets.find(
  (offset) => readerOffsets.filter((other) => other === offset).length === 1,
);
const withReader = (flags) => ({ ...draft, readerFlags: flags });
const harmless = { frameOffset: placeholderOffset, withBytecode: 0n, withReferences: 0n };

const writerFlags = await findUnique(
  'the flags of the writer',
  [...new Set(writerConstants)].map((upstream) => ({ upstream, withBytecode: upstream + 1n })),
  async (candidate) => {
    const instance = await instantiate({ ...withReader(harmless), writerFlags: candidate });
    const bytecode = writeBytecode(instance, compile(instance, PROBE));
    return bytecode.includes(FUNCTION_TAG) && bytecode.length > 40;
  },
);

const writer = await instantiate({ ...withReader(harmless), writerFlags });
const probe = writeBytecode(writer, compile(writer, PROBE));
const readerCandidates = [...new Set(readerOffsets)].flatMap((frameOffset) =>
  [0, 1, 2, 3, 4, 5].map((byte) => {
    const allowBytecode = 1n << BigInt(byte * 8);
    const allowReference = 1n << BigInt((byte + 2) * 8);
    return { frameOffset, withBytecode: allowBytecode | allowReference, withReferences: allowReference };
  }),
);
const readers = await thatWork(readerCandidates, async (readerFlags) => {
  const instance = await instantiate({ ...draft, writerFlags, readerFlags });
  return read(instance, 'readValue', SHARED) !== undefined && read(instance, 'readValue', probe) === undefined;
});
const { readerFlags, evalFunctionIndex } = await findUnique(
  'the flags of the reader and JS_EvalFunction',
  readers.flatMap((flags) =>
    [...new Set(calledByEval)].map((index) => ({ readerFlags: flags, evalFunctionIndex: index })),
  ),
  async (candidate) => run(await instantiate({ ...draft, writerFlags, ...candidate }), probe) === 42,
);

const found = { ...draft, writerFlags, readerFlags, evalFunctionIndex };
const breakPointerAddress = await findBreakPointer();
const fresh = await freshInstances(found);
const stripFlagsOffset = await findUnique(
  'strip_flags',
  Array.from({ length: 1024 }, (_, offset) => offset),
  fresh((instance, offset) => {
    const memory = new Uint8Array(instance.memory.buffer);
    if (memory[instance.runtimePointer + offset] !== 0) return false;
    memory[instance.runtimePointer + offset] = STRIP_SOURCE;
    const source = '(async function () { return "marker" + marker })';
    return !Buffer.from(writeBytecode(instance, compile(instance, source))).includes('async function');
  }),
);

const rejectionTrackerOffset = await findUnique(
  'host_promise_rejection_tracker',
  Array.from({ length: 256 }, (_, index) => index * 4),
  fresh((instance, offset) => {
    const { functions, memory, runtimePointer, rejectionTracker } = instance;
    const fields = new Uint32Array(memory.buffer, runtimePointer + offset, 2);
    if (fields[0] !== 0 || fields[1] !== 0) return false;
    const block = functions.malloc(REJECTION_BLOCK_BYTES);
    const list = new RejectionList(new LinearMemory(memory), block);
    fields.set([rejectionTracker, block]);
    run(instance, writeBytecode(instance, compile(instance, REJECTING)));
    return list.read().count === 2;
  }),
);

/** The highest word in static data that follows the top of the heap when it grows. */
async function findBreakPointer() {
  const { functions, memory } = await instantiate(found);
  const { heapBase } = found;
  const words = () => new Uint32Array(memory.buffer.slice(0, heapBase - STACK_SIZES.at(-1)));
  const grownBy = 3_000_000;
  const before = words();
  functions.malloc(grownBy);
  const after = words();
  const moved = [...before.keys()].filter((i) => before[i] >= heapBase && after[i] - before[i] >= grownBy - 65_536);
  moved.sort((a, b) => after[b] - after[a]);
  if (moved.length === 0) throw new Error('the break pointer: no word in static data follows the heap');
  return moved[0] * 4;
}

/**
 * The mends that apply. The others are reported on stderr: either their fault is fixed upstream, or its code
 * has another form. `npx vitest run test/language` shows which.
 */
async function provenMends() {
  const mends = fittingMends(wasm);
  for (const { name } of MENDS) if (!mends.includes(name)) console.error(`does not fit: ${name}`);
  const instance = await instantiate({ ...found, mends });
  if (run(instance, writeBytecode(instance, compile(instance, PROBE))) !== 42)
    throw new Error('the mends: the probe fails');
  return mends;
}

/** The largest stack that leaves room for all static data that is ever written. */
async function findStackBytes() {
  const instance = await instantiate(found);
  run(instance, writeBytecode(instance, compile(instance, PROBE)));
  const { heapBase } = found;
  const memory = new Uint8Array(instance.memory.buffer);
  const written = memory.subarray(0, heapBase - STACK_SIZES.at(-1)).findLastIndex((byte) => byte !== 0) + 1;
  const size = STACK_SIZES.find((bytes) => heapBase - bytes >= written);
  if (size === undefined) throw new Error(`the stack: static data ends at ${written}, the heap begins at ${heapBase}`);
  return size;
}

/**
 * The field of the runtime that follows the size of the stack, the place where contexts keep their runtime,
 * and how often both are read for a check.
 */
async function findStackLimit() {
  const { functions, memory, runtimePointer, contextPointer } = await instantiate(found);
  const fieldsUnder = (bytes) => {
    functions.QTS_RuntimeSetMaxStackSize(runtimePointer, bytes);
    return new Uint32Array(memory.buffer.slice(runtimePointer, runtimePointer + 1024));
  };
  const [more, less] = [fieldsUnder(65_536), fieldsUnder(32_768)];
  const limitOffsets = [...more.keys()].filter((i) => less[i] - more[i] === 32_768).map((i) => i * 4);
  const context = new Uint32Array(memory.buffer, contextPointer, 64);
  const runtimeOffsets = [...context.keys()].filter((i) => context[i] === runtimePointer).map((i) => i * 4);
  const candidates = limitOffsets.flatMap((limitOffset) =>
    runtimeOffsets.map((runtimeOffset) => ({ runtimeOffset, limitOffset })),
  );
  return findUnique(
    'the limit of the stack',
    candidates.map((offsets) => ({ ...offsets, checks: countStackChecks(binary, offsets) })),
    ({ checks }) => checks > 0,
  );
}

const table = {
  ...found,
  breakPointerAddress,
  stripFlagsOffset,
  rejectionTrackerOffset,
  mends: await provenMends(),
  stackBytes: await findStackBytes(),
  stackLimit: await findStackLimit(),
};
await proveMemory();
console.log(print(table));

/**
 * Runs the engine in the memory that it gets: it stays within it, reports its use, and detects every overflow
 * of its stack.
 */
async function proveMemory() {
  const instance = await instantiate(table, rewriteEngine);
  const { functions, memory, marks, runtimePointer, contextPointer } = instance;
  const { layout } = rewriteEngine(wasm, table);
  functions.QTS_RuntimeSetMaxStackSize(runtimePointer, 64 * 1024);
  const evaluate = (source) => run(instance, writeBytecode(instance, compile(instance, source)));
  const requireThat = (isSo, what) => {
    if (!isSo) throw new Error(`the memory of the engine: ${what}`);
  };
  requireThat(evaluate(PROBE) === 42, 'it does not run');
  const variables = Array.from({ length: 60_000 }, (_, i) => `v${i}`).join();
  const overflows = [
    'let n = 0; const deep = () => { n++; deep() }',
    `const deep = () => { var ${variables}; return v0 }`,
  ];
  for (const overflow of overflows) {
    const caught = evaluate(
      `(() => { ${overflow}; try { deep(); return 0 } catch (e) { return e.message.length } })()`,
    );
    requireThat(caught > 0, 'an overflow of the stack is not found');
  }
  const low = marks.stackLow.value - layout.stackSlackBytes;
  const high = marks.heapHigh.value;
  const bytes = new Uint8Array(memory.buffer);
  requireThat(low < layout.heapBase - 32 * 1024 && low > layout.dataEnd, `its stack was used down to ${low}`);
  requireThat(high > contextPointer && high <= bytes.length, `its heap was used up to ${high}`);
  requireThat(
    bytes.subarray(layout.dataEnd, low).every((byte) => byte === 0),
    'it wrote below the mark of its stack',
  );
  requireThat(
    bytes.subarray(high).every((byte) => byte === 0),
    'it wrote above the mark of its heap',
  );
}
