import { describe, expect, it } from 'vitest';

import { bytesAt, valueAt } from '#src/engine/pointers.js';
import type { EngineAccess } from '#src/engine/vm/engine-access.js';
import { readGuestText, TextTag } from '#src/engine/vm/guest-texts.js';

const CELL = 8;
const AT = 64;
const CELL_POINTER = valueAt(bytesAt(CELL), 0);
const WIDE = 0x8000_0000;

/** Memory that a guest wrote: a cell with a tag, and what it points to. */
function memoryWith(tag: number, write: (view: DataView) => void, pointer = AT): EngineAccess {
  const bytes = new Uint8Array(4_096);
  const numbers = new DataView(bytes.buffer);
  numbers.setInt32(CELL + 4, tag, true);
  numbers.setUint32(CELL, pointer, true);
  write(numbers);
  return { memory: { bytes, numbers }, cell: () => numbers } as unknown as EngineAccess;
}

const text = (view: DataView, at: number, characters: string) => {
  view.setUint32(at + 4, characters.length, true);
  for (let i = 0; i < characters.length; i++) view.setUint8(at + 16 + i, characters.charCodeAt(i));
};
const part = (view: DataView, at: number, tag: number, address: number) => {
  view.setUint32(at, address, true);
  view.setInt32(at + 4, tag, true);
};
const MALFORMED = /outside of its memory|too many parts|another value/;

describe('a text in memory that a guest controls', () => {
  it('is read, of one part or of many', () => {
    expect(
      readGuestText(
        memoryWith(TextTag.string, (view) => text(view, AT, 'abc')),
        CELL_POINTER,
        9,
      ),
    ).toBe('abc');
    const rope = memoryWith(TextTag.rope, (view) => {
      view.setUint32(AT + 4, 4, true);
      part(view, AT + 16, TextTag.string, 256);
      part(view, AT + 24, TextTag.string, 512);
      text(view, 256, 'ab');
      text(view, 512, 'cd');
    });
    expect(readGuestText(rope, CELL_POINTER, 9)).toBe('abcd');
  });

  it('is refused where it is longer than is allowed, whatever its length says', () => {
    expect(
      readGuestText(
        memoryWith(TextTag.string, (view) => text(view, AT, 'abc')),
        CELL_POINTER,
        2,
      ),
    ).toBeUndefined();
    const lying = memoryWith(TextTag.rope, (view) => {
      view.setUint32(AT + 4, 1, true);
      part(view, AT + 16, TextTag.string, 256);
      part(view, AT + 24, TextTag.string, 256);
      text(view, 256, 'abcdef');
    });
    expect(readGuestText(lying, CELL_POINTER, 9)).toBeUndefined();
  });

  it('is refused where it is not in memory', () => {
    for (const pointer of [4_095, 4_096, 0xffff_fff0]) {
      expect(() =>
        readGuestText(
          memoryWith(TextTag.string, () => {}, pointer),
          CELL_POINTER,
          9,
        ),
      ).toThrow(MALFORMED);
      expect(() =>
        readGuestText(
          memoryWith(TextTag.rope, () => {}, pointer),
          CELL_POINTER,
          9,
        ),
      ).toThrow(MALFORMED);
    }
    const beyond = memoryWith(TextTag.string, (view) => view.setUint32(AT + 4, WIDE | 3_000, true));
    expect(() => readGuestText(beyond, CELL_POINTER, 2 ** 20)).toThrow(MALFORMED);
  });

  it('is refused where its parts go round in circles, or are no texts', () => {
    const circle = memoryWith(TextTag.rope, (view) => {
      part(view, AT + 16, TextTag.rope, AT);
      part(view, AT + 24, TextTag.rope, AT);
    });
    expect(() => readGuestText(circle, CELL_POINTER, 9)).toThrow(MALFORMED);
    const other = memoryWith(TextTag.rope, (view) => part(view, AT + 16, -1, AT));
    expect(() => readGuestText(other, CELL_POINTER, 9)).toThrow(MALFORMED);
  });
});
