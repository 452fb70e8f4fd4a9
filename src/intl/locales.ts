import { type FormatterKey, MalformedRequestError } from './formatter-key.js';

/** Of an `Intl.Locale`: what newer versions of V8 have as a method, older ones have as a property. */
const LISTS = {
  calendars: 'getCalendars',
  collations: 'getCollations',
  hourCycles: 'getHourCycles',
  numberingSystems: 'getNumberingSystems',
  timeZones: 'getTimeZones',
  textInfo: 'getTextInfo',
  weekInfo: 'getWeekInfo',
} as const;
const FIELDS = [
  ...['baseName', 'calendar', 'caseFirst', 'collation', 'hourCycle', 'language', 'numberingSystem', 'numeric'],
  ...['region', 'script', 'firstDayOfWeek', 'variants'],
];

export function makeLocale({ kind, locales, options }: FormatterKey): Intl.Locale {
  if (kind !== 'Locale' || locales.length !== 1) throw new MalformedRequestError('the key is none of a locale');
  return new Intl.Locale(locales[0] as string, options);
}

/** @returns a plain value, or names and values of an object in turn */
export function localeInfo(locale: Intl.Locale, name: string): unknown {
  const from = locale as unknown as Record<string, unknown>;
  if (FIELDS.includes(name)) return from[name];
  if (!Object.hasOwn(LISTS, name)) throw new MalformedRequestError('a locale has no such property');
  const method = from[LISTS[name as keyof typeof LISTS]];
  const value = typeof method === 'function' ? Reflect.apply(method, locale, []) : from[name];
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? Object.entries(value).flat() : value;
}
