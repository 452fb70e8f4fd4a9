type SameRanges = (
  one: Buffer,
  start: number,
  end: number,
  other: Uint8Array,
  otherStart: number,
  otherEnd: number,
) => boolean;

export const natively: SameRanges = (one, start, end, other, otherStart, otherEnd) =>
  one.compare(other, otherStart, otherEnd, start, end) === 0;

export const byViews: SameRanges = (one, start, end, other, otherStart, otherEnd) =>
  Buffer.compare(one.subarray(start, end), other.subarray(otherStart, otherEnd)) === 0;

/** Deno checks each range against the length of the other's bytes. */
function comparesRanges(): boolean {
  try {
    return Buffer.alloc(1).compare(new Uint8Array(4), 3, 4, 0, 1) === 0;
  } catch {
    return false;
  }
}

/** Whether bytes from `start` to `end` are those of `other` from `otherStart` to `otherEnd`. */
export const sameRanges: SameRanges = comparesRanges() ? natively : byViews;
