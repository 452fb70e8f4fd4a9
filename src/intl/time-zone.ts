import { ZoneNames } from './zone-names.js';

const MS_PER_DAY = 86_400_000;
const MAX_TIME_MS = 8.64e15;
/** Days of which it is known what the offset is. */
const MAX_DAYS = 4_096;
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** Offsets of a day: at its start, and from a time on within it. */
interface Day {
  readonly offset: number;
  /** When it changes, in milliseconds; infinite if it does not. */
  readonly changesAt: number;
  readonly after: number;
}

/** A time zone for `Date`: the offsets and names that ICU has, by day. */
export class TimeZone {
  readonly name: string;
  readonly #offsets: Intl.DateTimeFormat;
  readonly #names: ZoneNames;
  readonly #days = new Map<number, Day>();

  /** @throws RangeError if there is no such zone */
  constructor(name: string) {
    this.name = name;
    this.#offsets = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    this.#names = new ZoneNames(name, (ms) => this.#offsetOf(ms));
  }

  /** @returns seconds from UTC to local time */
  offsetAt(ms: number, isLocal: boolean): number {
    return isLocal ? this.#offsetOfLocal(ms) : this.#offsetOf(ms);
  }

  nameAt(ms: number): string {
    return this.#names.at(clamp(ms));
  }

  /**
   * As the language says: of two times with this local time, the earlier; of none, the time by the offset before the
   * change that skips it.
   */
  #offsetOfLocal(local: number): number {
    const before = this.#offsetOf(local - MS_PER_DAY);
    const after = this.#offsetOf(local + MS_PER_DAY);
    if (before === after && this.#offsetOf(local - before * 1000) === before) return before;
    // With the greater offset it is earlier.
    const [first, second] = before > after ? [before, after] : [after, before];
    for (const offset of [first, second]) if (this.#offsetOf(local - offset * 1000) === offset) return offset;
    return before;
  }

  #offsetOf(ms: number): number {
    const number = Math.floor(clamp(ms) / MS_PER_DAY);
    const day = this.#days.get(number) ?? this.#learn(number);
    return ms < day.changesAt ? day.offset : day.after;
  }

  #learn(number: number): Day {
    const start = number * MS_PER_DAY;
    const end = start + MS_PER_DAY;
    const offset = this.#ask(start);
    const after = this.#ask(end - 1);
    const changesAt = offset === after ? Number.POSITIVE_INFINITY : this.#findChange(start, end - 1, offset);
    const day = { offset, changesAt, after };
    if (this.#days.size >= MAX_DAYS) this.#days.clear();
    this.#days.set(number, day);
    return day;
  }

  /** The first millisecond after `from` at which the offset is another. */
  #findChange(from: number, to: number, offset: number): number {
    let same = from;
    let other = to;
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (this.#ask(middle) === offset) same = middle;
      else other = middle;
    }
    return other;
  }

  #ask(ms: number): number {
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(this.#offsets.format(clamp(ms))) ?? [];
    const offset = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
    return sign === '-' ? -offset : offset;
  }
}

function clamp(ms: number): number {
  return Math.max(-MAX_TIME_MS, Math.min(MAX_TIME_MS, ms));
}

const MAX_ZONES = 16;
const zones = new Map<string, TimeZone>();

/** The zone of this name, kept for the next run; undefined for UTC, which needs none. */
export function timeZoneOf(name: string): TimeZone | undefined {
  if (name === 'UTC') return undefined;
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = new TimeZone(name);
  if (zones.size >= MAX_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}
