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
} as const;

/** A value that is being decoded. Frames are used again, level by level. */
export class Frame {
  kind: number = FrameKind.array;
  /** What is filled; the numbers of a view, until its buffer is there. */
  target: unknown;
  /** Number by which others refer to it. */
  slot = 0;
  /** Items in all, and how many are there. Keys and values of a Map are items. */
  count = 0;
  index = 0;
  /** How many values a walk over what is there meets, itself included. */
  size = 1;
  /** Name of the next property; key of the next entry of a Map; what a date, box or view is of. */
  key: unknown;
  /** Of a large Map or Set. */
  table: KeyTable | undefined;
}

/** Kept for the next document: making them takes longer than reading a small one. */
let spare: Frame[] | undefined;
const KEPT_FRAMES = 16;

/** Frames by level, some of which may be there already. */
export function takeFrames(): Frame[] {
  const frames = spare ?? [];
  spare = undefined;
  return frames;
}

/** Frames of a document that is read. They keep nothing of it. */
export function giveBack(frames: Frame[]): void {
  if (frames.length > KEPT_FRAMES) return;
  for (const frame of frames) {
    frame.target = undefined;
    frame.key = undefined;
    frame.table = undefined;
  }
  spare = frames;
}

/** Steps to where the topmost frame is at. */
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
