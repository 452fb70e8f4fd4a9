import type { KeyTable } from './collisions.js';

export const FrameKind = {
  array: 0,
  record: 1,
  map: 2,
  set: 3,
  error: 4,
  date: 5,
  boxed: 6,
  view: 7,
  regExp: 8,
  jsonText: 9,
} as const;

/** A value that is being decoded. Frames are reused, level by level. */
export class Frame {
  kind: number = FrameKind.array;
  /** The value being filled; the head of a view, until its buffer was read. */
  target: unknown;
  /** The number by which other nodes refer to it. */
  slot = 0;
  /** The total number of items, and how many were read. Keys and values of a Map are items. */
  count = 0;
  index = 0;
  /** The number of values that a walk over the present content visits, including itself. */
  size = 1;
  /**
   * The name of the next property; the key of the next entry of a Map; the content of a date, wrapper or
   * view.
   */
  key: unknown;
  /** Present for a large Map or Set. */
  table: KeyTable | undefined;
}

/** Kept for the next document: creating frames takes longer than reading a small one. */
let spare: Frame[] | undefined;
const KEPT_FRAMES = 16;

/** Frames by level, some of which may already exist. */
export function takeFrames(): Frame[] {
  const frames = spare ?? [];
  spare = undefined;
  return frames;
}

/** Returns the frames of a document. They keep nothing of it. */
export function giveBack(frames: Frame[]): void {
  if (frames.length > KEPT_FRAMES) return;
  for (const frame of frames) {
    frame.target = undefined;
    frame.key = undefined;
    frame.table = undefined;
  }
  spare = frames;
}

/** The steps to the position of the topmost frame. */
export function pathOf(frames: readonly Frame[], depth: number): (string | number)[] {
  return frames.slice(0, depth).flatMap((frame) => stepOf(frame));
}

function stepOf({ kind, key, index, count }: Frame): readonly (string | number)[] {
  switch (kind) {
    case FrameKind.array:
    case FrameKind.set:
      return [Math.min(index, count - 1)];
    case FrameKind.record:
      return typeof key === 'string' || typeof key === 'number' ? [String(key)] : [];
    case FrameKind.map:
      return [Math.floor(index / 2)];
    default:
      return [];
  }
}
