import { toNumber } from './intrinsics.js';

export type DateValue = unknown;

const { now } = Date;

/** What `DateTimeFormat` shows: now, if it is given nothing. */
export function dateValue(date: DateValue): number {
  return date === undefined ? now() : toNumber(date);
}
