import type { Arbitrary } from './intrinsics.js';

/** Makes objects of the guest of what the host answers, see `intl/operations.ts`. */

/** The items of an answer. */
export function textsOf(answer: unknown): unknown[] {
  const list = answer as readonly unknown[];
  const texts: unknown[] = [];
  for (let i = 1; i < list.length; i++) texts[i - 1] = list[i];
  return texts;
}

/** Names and values in turn. */
export function recordOf(answer: unknown, from = 1): Arbitrary {
  const list = answer as readonly unknown[];
  const record: Arbitrary = {};
  for (let i = from; i < list.length; i += 2) {
    if (list[i + 1] !== undefined) record[list[i] as string] = list[i + 1];
  }
  return record;
}

/** The number of names, the names, and then a value for each name of each part. */
export function partsOf(answer: unknown): Arbitrary[] {
  const list = answer as readonly unknown[];
  const columns = list[1] as number;
  const parts: Arbitrary[] = [];
  for (let at = 2 + columns; at < list.length; at += columns) {
    const part: Arbitrary = {};
    for (let i = 0; i < columns; i++) {
      const value = list[at + i];
      if (value !== undefined) part[list[2 + i] as string] = value;
    }
    parts[parts.length] = part;
  }
  return parts;
}
