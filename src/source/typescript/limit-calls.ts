import { encodeUnsigned } from '../../codec/leb128.js';
import { mapSections, type Read, readUnsigned, SectionId, withItem } from './wasm-sections.js';

/**
 * The name of the exported global (type i32) with the number of calls that the module may still make; the
 * host sets it.
 */
export const CALLS_LEFT = 'nexus_calls_left';

const Kind = { function: 0, table: 1, memory: 2, global: 3 } as const;
const I32 = 0x7f;
const MUTABLE = 1;
const END = 0x0b;
/** `0`, the initial value of the global. */
const ZERO = [0x41, 0, END];

/**
 * Changes a WebAssembly binary so that it traps after a number of function calls: each function counts at its
 * start. A backtracking parser calls functions, so this limits its time by the same number on every machine.
 *
 * @throws Error if the binary has an unknown import
 */
export function limitCalls(binary: Uint8Array): Uint8Array {
  let global = 0;
  return mapSections(binary, (id, content) => {
    switch (id) {
      case SectionId.import:
        global += importedGlobals(content);
        return undefined;
      case SectionId.global:
        global += readUnsigned(content, 0).value;
        return withItem(content, [I32, MUTABLE, ...ZERO]);
      case SectionId.export: {
        const name = Buffer.from(CALLS_LEFT);
        return withItem(content, [name.length, ...name, Kind.global, ...encodeUnsigned(global)]);
      }
      case SectionId.code:
        return countingCode(asBuffer(content), Buffer.from(count(encodeUnsigned(global))));
      default:
        return undefined;
    }
  });
}

/** `if (left == 0) unreachable; left = left - 1` */
function count(left: readonly number[]): number[] {
  const get = [0x23, ...left];
  const set = [0x24, ...left];
  return [...get, 0x45, 0x04, 0x40, 0x00, END, ...get, 0x41, 1, 0x6b, ...set];
}

function countingCode(content: Buffer, code: Buffer): Uint8Array {
  const bodies = readUnsigned(content, 0);
  const counting = Buffer.allocUnsafe(content.length + bodies.value * (code.length + 1));
  let length = 0;
  const put = (bytes: Buffer, start = 0, end = bytes.length) => {
    length += bytes.copy(counting, length, start, end);
  };
  put(content, 0, bodies.next);
  let at = bodies.next;
  for (let i = 0; i < bodies.value; i++) {
    const size = readUnsigned(content, at);
    const end = size.next + size.value;
    const begin = afterLocals(content, size.next);
    for (const byte of encodeUnsigned(size.value + code.length)) counting[length++] = byte;
    put(content, size.next, begin);
    put(code);
    put(content, begin, end);
    at = end;
  }
  return counting.subarray(0, length);
}

/** A body starts with its locals: groups of a number and a type of one byte. */
function afterLocals(content: Uint8Array, start: number): number {
  const groups = readUnsigned(content, start);
  let at = groups.next;
  for (let i = 0; i < groups.value; i++) at = readUnsigned(content, at).next + 1;
  return at;
}

function importedGlobals(content: Uint8Array): number {
  const imports = readUnsigned(content, 0);
  let at = imports.next;
  let found = 0;
  for (let i = 0; i < imports.value; i++) {
    // Module and name.
    for (let texts = 0; texts < 2; texts++) at = end(readUnsigned(content, at));
    const kind = content[at];
    if (kind === Kind.global) {
      found++;
      at += 3;
    } else if (kind === Kind.function) at = readUnsigned(content, at + 1).next;
    else throw new Error('The WebAssembly module has an import that is not as expected.');
  }
  return found;
}

function end({ value, next }: Read): number {
  return next + value;
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
