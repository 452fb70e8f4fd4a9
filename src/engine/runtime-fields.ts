import { type BytesPointer, bytesAt, type ContextPointer, type RuntimePointer, type ValuePointer } from './pointers.js';

/** How many bytes are searched; context and runtime are smaller. */
const CONTEXT_BYTES = 4096;
const RUNTIME_BYTES = 1024;
/**
 * The engine collects cycles when the heap passes this size, and later whenever it has grown by half
 * (JS_NewRuntime2).
 */
const INITIAL_GC_THRESHOLD_BYTES = 256 * 1024;

/** The context seeds `Math.random` with the clock, in microseconds. The clock stood still, so we know what to look for. */
export function findRandomState(memory: DataView, context: ContextPointer, clockMs: number): BytesPointer {
  const seed = BigInt(clockMs) * 1000n;
  return findUnique('random state', context, CONTEXT_BYTES, 8, (at) => memory.getBigUint64(at, true) === seed);
}

/** In the runtime, before the list of weak references: an empty list points to itself, twice. */
export function findGcThreshold(memory: DataView, runtime: RuntimePointer): BytesPointer {
  return findUnique('collection threshold', runtime, RUNTIME_BYTES, 4, (at) => {
    const list = at + 4;
    const isEmpty = memory.getUint32(list, true) === list && memory.getUint32(list + 4, true) === list;
    return isEmpty && memory.getUint32(at, true) === INITIAL_GC_THRESHOLD_BYTES;
  });
}

/**
 * In the context, between the random state and the list of loaded modules, which is empty and so points to itself: the steps that are left
 * until the engine polls its interrupt handler.
 */
export function findInterruptCounter(memory: DataView, randomState: BytesPointer, stepsPerPoll: number): BytesPointer {
  const counter = randomState + 8;
  const modules = counter + 4;
  const isCounter = memory.getInt32(counter, true) <= stepsPerPoll;
  const isFollowed = memory.getUint32(modules, true) === modules && memory.getUint32(modules + 4, true) === modules;
  if (!isCounter || !isFollowed) throw new Error('the interrupt counter was not found behind the random state');
  return bytesAt(counter);
}

/** Where an ArrayBuffer says what it is, and where its bytes lie. */
export interface ArrayBufferFields {
  readonly classId: number;
  /** Offset in the object of the address of its record, which begins with the number of bytes. */
  readonly recordOffset: number;
  /** Offset in the record of the address of the bytes: 0 of a buffer that was detached. */
  readonly dataOffset: number;
}

/** Offset of `class_id` in a JSObject, a u16. */
export const CLASS_ID_OFFSET = 6;
const OBJECT_BYTES = 64;
const RECORD_BYTES = 32;

/**
 * Found in a buffer of which all is known. The engine exports a function that gives the bytes of a buffer, but what it gives is a copy that
 * somebody has to free, and there may be no room for it.
 */
export function findArrayBufferFields(
  memory: DataView,
  buffer: ValuePointer,
  bytes: BytesPointer,
  length: number,
): ArrayBufferFields {
  const object = memory.getUint32(buffer, true);
  for (let recordOffset = 8; recordOffset < OBJECT_BYTES; recordOffset += 4) {
    const record = memory.getUint32(object + recordOffset, true);
    if (record > memory.byteLength - RECORD_BYTES || memory.getUint32(record, true) !== length) continue;
    for (let dataOffset = 4; dataOffset < RECORD_BYTES; dataOffset += 4) {
      if (memory.getUint32(record + dataOffset, true) !== bytes) continue;
      return { classId: memory.getUint16(object + CLASS_ID_OFFSET, true), recordOffset, dataOffset };
    }
  }
  throw new Error('the bytes of an ArrayBuffer were not found');
}

function findUnique(
  what: string,
  from: number,
  bytes: number,
  step: number,
  is: (at: number) => boolean,
): BytesPointer {
  const found: BytesPointer[] = [];
  for (let at = from; at < from + bytes; at += step) if (is(at)) found.push(bytesAt(at));
  const [address] = found;
  if (address === undefined || found.length > 1) throw new Error(`${what} found ${found.length} times`);
  return address;
}
