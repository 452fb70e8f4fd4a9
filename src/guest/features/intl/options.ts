import {
  type Arbitrary,
  create,
  has,
  isObject,
  quote,
  RangeErrorConstructor,
  TypeErrorConstructor,
  toNumber,
  toObject,
  toText,
} from './intrinsics.js';
import { localeTag } from './slots.js';

/** How an option becomes a primitive value. `grouping` is text or boolean, as `useGrouping` is. */
type OptionType = 'text' | 'number' | 'boolean' | 'grouping';
/** Names and types in turn, in the order in which they are read. */
export type OptionList = readonly string[];

const DIGITS: OptionList = [
  ...['minimumIntegerDigits', 'number', 'minimumFractionDigits', 'number', 'maximumFractionDigits', 'number'],
  ...['minimumSignificantDigits', 'number', 'maximumSignificantDigits', 'number', 'roundingIncrement', 'number'],
  ...['roundingMode', 'text', 'roundingPriority', 'text', 'trailingZeroDisplay', 'text'],
];

const texts = (...names: readonly string[]): OptionList => names.flatMap((name) => [name, 'text']);

export const NUMBER_OPTIONS: OptionList = [
  ...texts('localeMatcher', 'numberingSystem', 'style', 'currency', 'currencyDisplay', 'currencySign', 'unit'),
  ...texts('unitDisplay', 'notation'),
  ...DIGITS,
  ...texts('compactDisplay'),
  ...['useGrouping', 'grouping'],
  ...texts('signDisplay'),
];
export const DATE_OPTIONS: OptionList = [
  ...texts('localeMatcher', 'calendar', 'numberingSystem'),
  ...['hour12', 'boolean'],
  ...texts('hourCycle', 'timeZone', 'weekday', 'era', 'year', 'month', 'day', 'dayPeriod', 'hour', 'minute', 'second'),
  ...['fractionalSecondDigits', 'number'],
  ...texts('timeZoneName', 'formatMatcher', 'dateStyle', 'timeStyle'),
];
export const COLLATOR_OPTIONS: OptionList = [
  ...texts('usage', 'localeMatcher', 'collation'),
  ...['numeric', 'boolean'],
  ...texts('caseFirst', 'sensitivity'),
  ...['ignorePunctuation', 'boolean'],
];
export const PLURAL_OPTIONS: OptionList = [...texts('localeMatcher', 'type'), ...DIGITS];
export const RELATIVE_OPTIONS: OptionList = texts('localeMatcher', 'numberingSystem', 'style', 'numeric');
export const LIST_OPTIONS: OptionList = texts('localeMatcher', 'type', 'style');
export const NAMES_OPTIONS: OptionList = texts('localeMatcher', 'style', 'type', 'fallback', 'languageDisplay');
export const SEGMENTER_OPTIONS: OptionList = texts('localeMatcher', 'granularity');
export const DURATION_UNITS = [
  ...['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds', 'microseconds', 'nanoseconds'],
];
export const DURATION_OPTIONS: OptionList = [
  ...texts('localeMatcher', 'numberingSystem', 'style'),
  ...DURATION_UNITS.flatMap((unit) => texts(unit, unit + 'Display')),
  ...['fractionalDigits', 'number'],
];
export const LOCALE_OPTIONS: OptionList = [
  ...texts('language', 'script', 'region', 'variants', 'calendar', 'collation', 'firstDayOfWeek', 'hourCycle'),
  ...texts('caseFirst'),
  ...['numeric', 'boolean'],
  ...texts('numberingSystem'),
];
export const MATCHER: OptionList = texts('localeMatcher');

/** As `Intl.NumberFormat` takes options: anything but null. */
export function anyOptions(options: unknown): Arbitrary {
  return options === undefined ? (create(null) as Arbitrary) : toObject(options);
}

/** As the newer classes take them. */
export function objectOptions(options: unknown): Arbitrary {
  if (options === undefined) return create(null) as Arbitrary;
  if (isObject(options)) return options;
  throw new TypeErrorConstructor('Incorrect options: an object is expected');
}

/** Reads options in order, as JSON. */
export function readOptions(options: Arbitrary, list: OptionList): string {
  let json = '';
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    const value = options[name];
    if (value === undefined) continue;
    const read = asJson(name, value, list[i + 1] as OptionType);
    if (read !== '') json += (json === '' ? '' : ',') + quote(name) + ':' + read;
  }
  return '{' + json + '}';
}

function asJson(name: string, value: unknown, type: OptionType): string {
  if (type === 'text') return quote(toText(value));
  if (type === 'boolean') return value ? 'true' : 'false';
  if (type === 'number') {
    const number = toNumber(value);
    // NaN and the infinities.
    if (number - number !== 0) throw new RangeErrorConstructor(name + ' value is out of range.');
    return toText(number);
  }
  if (value === true) return 'true';
  return value ? quote(toText(value)) : 'false';
}

const NOT_A_LOCALE = 'Incorrect locale information provided';

/** CanonicalizeLocaleList, as JSON: whether each is a locale, the host says. */
export function readLocales(locales: unknown): string {
  if (locales === undefined) return '[]';
  if (typeof locales === 'string') return '[' + quote(locales) + ']';
  const own = localeTag(locales);
  if (own !== undefined) return '[' + quote(own) + ']';
  const list = toObject(locales);
  const length = toLength(list['length']);
  let json = '';
  for (let i = 0; i < length; i++) {
    if (!has(list, i)) continue;
    const item = (list as Arbitrary)[i];
    if (typeof item !== 'string' && !isObject(item)) throw new TypeErrorConstructor(NOT_A_LOCALE);
    json += (json === '' ? '' : ',') + quote(localeTag(item) ?? toText(item));
  }
  return '[' + json + ']';
}

function toLength(value: unknown): number {
  const number = toNumber(value);
  return number > 0 ? number : 0;
}

/** See `INTL_OPERATIONS`. */
export function keyOf(kind: string, locales: string, options: string, defaults = ''): string {
  return '["' + kind + '","' + defaults + '",' + locales + ',' + options + ']';
}
