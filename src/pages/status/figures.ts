// What is computed of the frames of the last minutes.
import type { StatusFrame } from '../../server/pages/contract.js';
import { duration } from '../shared/format.js';

export const KEPT_FRAMES = 300;
/** Frames that a rate is the mean of: it would jump otherwise. */
const RATE_FRAMES = 5;
const MINUTE_MS = 60_000;

export class Frames {
  boundsUs: readonly number[] = [];
  #frames: StatusFrame[] = [];

  begin(boundsUs: readonly number[], frames: readonly StatusFrame[]): void {
    this.boundsUs = boundsUs;
    this.#frames = frames.slice(-KEPT_FRAMES);
  }

  /** One that is there already is not taken again. */
  add(frame: StatusFrame): void {
    const last = this.#frames.at(-1);
    if (last !== undefined && frame.at <= last.at) return;
    this.#frames.push(frame);
    if (this.#frames.length > KEPT_FRAMES) this.#frames.shift();
  }

  get all(): readonly StatusFrame[] {
    return this.#frames;
  }

  /** Of each frame, per second. */
  series(amountOf: (frame: StatusFrame) => number): number[] {
    return this.#frames.map((frame) => (frame.ms === 0 ? 0 : (amountOf(frame) * 1000) / frame.ms));
  }

  /** Per second, of the last seconds. */
  rate(amountOf: (frame: StatusFrame) => number): number {
    const last = this.#frames.slice(-RATE_FRAMES);
    const ms = last.reduce((sum, frame) => sum + frame.ms, 0);
    return ms === 0 ? 0 : (last.reduce((sum, frame) => sum + amountOf(frame), 0) * 1000) / ms;
  }

  /** Of the last minute. */
  sum(amountOf: (frame: StatusFrame) => number): number {
    return this.#lastMinute().reduce((sum, frame) => sum + amountOf(frame), 0);
  }

  /** Executions of the last minute, by bucket. */
  times(): number[] {
    const counts: number[] = new Array(this.boundsUs.length + 1).fill(0);
    for (const { times } of this.#lastMinute()) {
      for (const [bucket, count] of times.entries()) counts[bucket] = (counts[bucket] ?? 0) + count;
    }
    return counts;
  }

  #lastMinute(): StatusFrame[] {
    const since = (this.#frames.at(-1)?.at ?? 0) - MINUTE_MS;
    return this.#frames.filter(({ at }) => at > since);
  }
}

/**
 * The time that a part of all executions does not exceed, in microseconds, as exactly as the buckets tell.
 *
 * @returns undefined if there were none
 */
export function percentile(counts: readonly number[], boundsUs: readonly number[], part: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let before = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && before + count >= part * total) {
      const low = bucket === 0 ? 0 : (boundsUs[bucket - 1] ?? 0);
      const high = boundsUs[bucket] ?? low;
      return low + ((part * total - before) / count) * (high - low);
    }
    before += count;
  }
  return boundsUs.at(-1);
}

export function bucketNames(boundsUs: readonly number[]): { readonly names: string[]; readonly titles: string[] } {
  const short = boundsUs.map((bound) => duration(bound / 1000).replace(/ /g, '\u00a0'));
  const names = [...short, `>\u00a0${short.at(-1) ?? ''}`];
  const titles = [
    ...short.map((bound, index) => `${index === 0 ? 'up' : `${short[index - 1]}`} to ${bound}`),
    `more than ${short.at(-1) ?? ''}`,
  ];
  return { names, titles };
}
