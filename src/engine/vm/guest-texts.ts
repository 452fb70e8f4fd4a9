import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import type { ValuePointer } from '../pointers.js';
import type { EngineAccess } from './engine-access.js';

/** The tags of values that are texts: one of its own, or two that were put together. */
export const TextTag = { rope: -6, string: -7 } as const;

/** Offsets in a JSString and a JSStringRope, in bytes. */
const StringField = { length: 4, content: 16 } as const;
const RopeField = { length: 4, left: 16, right: 24 } as const;
/** A bit of the length of a JSString: its characters have two bytes each. */
const WIDE = 0x8000_0000;
/** More than the engine puts together before it makes one text of them. */
const MAX_PARTS = 100_000;

/**
 * Reads a text of the guest where it lies. perf: the engine's writer would take several times as long, and never frees
 * the bytes that it writes first. Everything in memory is untrusted: a text outside of it is refused, and so is what goes
 * on for longer than it says.
 *
 * @param cell a value with a tag of {@link TextTag}
 * @returns undefined for one of more than `maxLength` UTF-16 code units
 * @throws MalformedValueError
 */
export function readGuestText(engine: EngineAccess, cell: ValuePointer, maxLength: number): string | undefined {
  const { numbers } = engine.memory;
  const tag = engine.cell(cell).getInt32(cell + 4, true);
  const start = numbers.getUint32(cell, true);
  if (tag === TextTag.string) return leaf(engine, start, maxLength);
  if (word(engine, start + RopeField.length) > maxLength) return undefined;
  return ropeText(engine, start, maxLength);
}

function ropeText(engine: EngineAccess, start: number, maxLength: number): string | undefined {
  let text = '';
  // Addresses of values, those that come first at the end.
  const open = [start + RopeField.right, start + RopeField.left];
  for (let parts = 0; open.length > 0; parts++) {
    if (parts > MAX_PARTS) throw new MalformedValueError('is a text of too many parts');
    const value = open.pop() as number;
    const address = word(engine, value);
    const tag = word(engine, value + 4) | 0;
    if (tag === TextTag.rope) open.push(address + RopeField.right, address + RopeField.left);
    else if (tag !== TextTag.string) throw new MalformedValueError('is a text with another value in it');
    else {
      const part = leaf(engine, address, maxLength - text.length);
      if (part === undefined) return undefined;
      text += part;
    }
  }
  return text;
}

function leaf(engine: EngineAccess, start: number, maxLength: number): string | undefined {
  const header = word(engine, start + StringField.length);
  const isWide = (header & WIDE) !== 0;
  const length = header & ~WIDE;
  if (length > maxLength) return undefined;
  const from = start + StringField.content;
  const to = from + (isWide ? 2 * length : length);
  const { bytes } = engine.memory;
  if (to > bytes.length) throw new MalformedValueError('is a text outside of its memory');
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString(isWide ? 'utf16le' : 'latin1');
}

function word(engine: EngineAccess, address: number): number {
  const { numbers } = engine.memory;
  if (address < 0 || address + 4 > numbers.byteLength) throw new MalformedValueError('is a text outside of its memory');
  return numbers.getUint32(address, true);
}
