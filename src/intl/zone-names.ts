/** What `String(date)` calls a time zone: as V8 does, with the names that it has today, for every time. */

/** Years of which V8 looks at the clock changes; others count as one of the last with the same calendar. */
const FIRST_MS = 0;
const LAST_MS = 2_147_483_647_000;
/** In which it is looked for a name that is in use for half of the year. */
const LATEST_YEAR = 2026;
const EARLIEST_YEAR = 1990;
const JANUARY = 0;
const JULY = 6;
const MIDDLE = 15;
/** Of a zone that is called by its offset. */
const NAMELESS = 'GMT';

export class ZoneNames {
  readonly #offsetAt: (ms: number) => number;
  readonly #longName: (ms: number) => string;
  readonly #summerWord: string;
  #names: { readonly standard: string; readonly summer: string } | undefined;

  /** @param offsetAt from UTC, at a time in milliseconds */
  constructor(zone: string, offsetAt: (ms: number) => number) {
    this.#offsetAt = offsetAt;
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'long' });
    this.#longName = (ms) => format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? zone;
    this.#summerWord = /^(?:America|Australia|Canada|US)\//.test(zone) ? 'Daylight' : 'Summer';
  }

  at(ms: number): string {
    this.#names ??= this.#findNames();
    const comparable = ms < FIRST_MS || ms > LAST_MS ? inEquivalentYear(ms) : ms;
    const { standard, summer } = this.#names;
    if (standard.startsWith(NAMELESS)) return nameOfOffset(this.#offsetAt(comparable));
    return this.#isSummer(comparable) ? summer : standard;
  }

  /** Whether the clock is ahead of what it is in the other half of the year. */
  #isSummer(ms: number): boolean {
    const year = new Date(ms).getUTCFullYear();
    return this.#offsetAt(ms) > Math.min(this.#offsetAt(middleOf(year, JANUARY)), this.#offsetAt(middleOf(year, JULY)));
  }

  #findNames(): { readonly standard: string; readonly summer: string } {
    const [standard = ''] = this.#namesOf(LATEST_YEAR);
    for (let year = LATEST_YEAR; year >= EARLIEST_YEAR; year--) {
      const [name, summer] = this.#namesOf(year);
      if (name === standard && summer !== undefined) return { standard, summer };
    }
    return { standard, summer: standard.replace('Standard', this.#summerWord) };
  }

  #namesOf(year: number): readonly [standard: string | undefined, summer: string | undefined] {
    const [january, july] = [middleOf(year, JANUARY), middleOf(year, JULY)];
    if (this.#isSummer(january)) return [this.#longName(july), this.#longName(january)];
    return [this.#longName(january), this.#isSummer(july) ? this.#longName(july) : undefined];
  }
}

function nameOfOffset(seconds: number): string {
  const minutes = Math.abs(Math.trunc(seconds / 60));
  const digits = [Math.floor(minutes / 60), minutes % 60].map((number) => String(number).padStart(2, '0'));
  return `${NAMELESS}${seconds < 0 ? '-' : '+'}${digits.join(':')}`;
}

function middleOf(year: number, month: number): number {
  return Date.UTC(year, month, MIDDLE);
}

/** The same day and time in a year from 2008 to 2035 that begins on the same day of the week. */
function inEquivalentYear(ms: number): number {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  const first = new Date(0);
  first.setUTCFullYear(year, 0, 1);
  const isLeap = new Date(new Date(first).setUTCMonth(1, 29)).getUTCMonth() === 1;
  const recent = (isLeap ? 1956 : 1967) + ((first.getUTCDay() * 12) % 28);
  return date.setUTCFullYear(2008 + ((recent + 3 * 28 - 2008) % 28));
}
