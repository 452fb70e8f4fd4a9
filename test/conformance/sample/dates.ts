import { type Area, combine, EACH } from './area.js';

const DATES: Record<string, string> = {
  'the epoch': '0',
  'before it': '-1',
  'a leap day': 'Date.UTC(2024, 1, 29, 12, 30, 15, 250)',
  'the end of a year': 'Date.UTC(1999, 11, 31, 23, 59, 59, 999)',
  'far in the past': '-62198755200000',
  'the last': '8.64e15',
  none: 'NaN',
};
const SETTERS = [
  'setUTCFullYear(2023, 13)',
  'setUTCMonth(1)',
  'setUTCMonth(-1, 31)',
  'setUTCDate(0)',
  'setUTCDate(31)',
  'setUTCHours(25, 61, 61, 1001)',
  'setUTCMinutes(-1)',
  'setUTCSeconds(90)',
  'setUTCMilliseconds(-1)',
  'setTime(5.9)',
  'setUTCFullYear(NaN)',
  'setFullYear(2000)',
  'setMonth(5, 31)',
  'setHours(0, 0, 0, 0)',
];
const GETTERS =
  'const read = (d) => ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"].map((f) => [d["getUTC" + f](), d["get" + f]()]);';
const TEXTS = [
  '2020-01-01',
  '2020-06',
  '2020',
  '2020-01-01T00:00',
  '2020-01-01T00:00:00Z',
  '2020-01-01T00:00:00.123+02:00',
  '2020-02-30',
  '2020-13-01',
  '2020-01-01T24:00:00Z',
  '+020200-01-01T00:00:00Z',
  '-000001-01-01T00:00:00Z',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Jan 1, 2020',
  '1 Jan 2020 10:00:00 GMT',
  '2020/01/02',
  'x',
  '',
  '2020-01-01T00:00:60Z',
];

export const dates: Area = {
  area: 'dates',
  programs: [
    ...combine(DATES, Object.fromEntries(SETTERS.map((call) => [call, call]))).map(([title, time, call]) => ({
      title: `dates: ${title}`,
      body: `${EACH} ${GETTERS} const d = new Date(${time}); return [...each(() => d.${call}, () => d.toISOString(), () => d.toJSON(), () => d.toUTCString()), read(d)];`,
    })),
    ...TEXTS.map((value) => ({
      title: `dates: parsing of ${JSON.stringify(value)}`,
      body: `return [Date.parse(${JSON.stringify(value)}), new Date(${JSON.stringify(value)}).getTime()];`,
    })),
    {
      title: 'dates: construction',
      body: `${EACH} return each(() => new Date(2020, 0).getTime(), () => new Date(99, 0).getTime(), () => new Date(2020, 0, 1, 2, 3, 4, 5).getTime(), () => new Date(new Date(5)).getTime(), () => new Date("5").getTime() !== 5, () => new Date(undefined).getTime(), () => new Date(null).getTime(), () => typeof Date(), () => Date.UTC(), () => Date.UTC(2020), () => new Date(8.64e15 + 1).getTime(), () => new Date(1n));`,
    },
    {
      title: 'dates: primitives',
      body: `${EACH} const d = new Date(5); return each(() => d - 1, () => +d, () => d > new Date(4), () => d[Symbol.toPrimitive]("number"), () => typeof (d + 1), () => d[Symbol.toPrimitive]("x"), () => JSON.stringify({ d }), () => new Date(NaN).toISOString(), () => new Date(NaN).toJSON(), () => String(new Date(NaN)));`,
    },
  ],
};
