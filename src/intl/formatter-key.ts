import { MAX_INTL_KEY } from '../guest/abi.js';

/** The options of each kind of object that ICU is asked for. Whatever else a key names is refused. */
const DIGIT_OPTIONS = [
  ...['minimumIntegerDigits', 'minimumFractionDigits', 'maximumFractionDigits', 'minimumSignificantDigits'],
  ...['maximumSignificantDigits', 'roundingIncrement', 'roundingMode', 'roundingPriority', 'trailingZeroDisplay'],
];
const DURATION_UNITS = [
  ...['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds', 'microseconds', 'nanoseconds'],
];
const OPTIONS = {
  NumberFormat: [
    ...['localeMatcher', 'numberingSystem', 'style', 'currency', 'currencyDisplay', 'currencySign', 'unit'],
    ...['unitDisplay', 'notation', ...DIGIT_OPTIONS, 'compactDisplay', 'useGrouping', 'signDisplay'],
  ],
  DateTimeFormat: [
    ...['localeMatcher', 'calendar', 'numberingSystem', 'hour12', 'hourCycle', 'timeZone', 'weekday', 'era', 'year'],
    ...['month', 'day', 'dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits', 'timeZoneName'],
    ...['formatMatcher', 'dateStyle', 'timeStyle'],
  ],
  Collator: ['usage', 'localeMatcher', 'collation', 'numeric', 'caseFirst', 'sensitivity', 'ignorePunctuation'],
  PluralRules: ['localeMatcher', 'type', 'notation', 'compactDisplay', ...DIGIT_OPTIONS],
  RelativeTimeFormat: ['localeMatcher', 'numberingSystem', 'style', 'numeric'],
  ListFormat: ['localeMatcher', 'type', 'style'],
  DisplayNames: ['localeMatcher', 'style', 'type', 'fallback', 'languageDisplay'],
  Segmenter: ['localeMatcher', 'granularity'],
  DurationFormat: [
    ...['localeMatcher', 'numberingSystem', 'style', 'fractionalDigits'],
    ...DURATION_UNITS.flatMap((unit) => [unit, `${unit}Display`]),
  ],
  Locale: [
    ...['language', 'script', 'region', 'variants', 'calendar', 'collation', 'firstDayOfWeek', 'hourCycle'],
    ...['caseFirst', 'numeric', 'numberingSystem'],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FormatterKind = keyof typeof OPTIONS;
/** Which fields a date has when the options name none, and which of them are looked at. Otherwise as for `Intl.DateTimeFormat`. */
export type DateDefaults = '' | 'any' | 'date' | 'time';
type OptionValue = string | number | boolean;

const ALLOWED = new Map<string, ReadonlySet<string>>(
  Object.entries(OPTIONS).map(([kind, names]) => [kind, new Set(names)]),
);
const MAX_LOCALES = 256;

/** What the guest wants: made from untrusted text. */
export interface FormatterKey {
  readonly kind: FormatterKind;
  readonly defaults: DateDefaults;
  readonly locales: readonly string[];
  /** Without a prototype. */
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** A request that the guest's half never makes. */
export class MalformedRequestError extends Error {}

/** @throws MalformedRequestError if it is not of the form that the ABI describes */
export function parseKey(text: string): FormatterKey {
  if (text.length > MAX_INTL_KEY) throw new RangeError('The locales and options are too long');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new MalformedRequestError('a key is no JSON');
  }
  if (!Array.isArray(parsed) || parsed.length !== 4) throw new MalformedRequestError('a key has other parts');
  const [kind, defaults, locales, options] = parsed as readonly unknown[];
  if (!isKind(kind)) throw new MalformedRequestError('a key names no kind');
  if (defaults !== '' && defaults !== 'any' && defaults !== 'date' && defaults !== 'time') {
    throw new MalformedRequestError('a key has other defaults');
  }
  if (!Array.isArray(locales) || locales.length > MAX_LOCALES || !locales.every((tag) => typeof tag === 'string')) {
    throw new MalformedRequestError('a key has no list of locales');
  }
  return { kind, defaults, locales, options: readOptions(kind, options) };
}

export function isKind(kind: unknown): kind is FormatterKind {
  return typeof kind === 'string' && ALLOWED.has(kind);
}

function readOptions(kind: FormatterKind, given: unknown): Record<string, OptionValue> {
  if (typeof given !== 'object' || given === null) throw new MalformedRequestError('a key has no options');
  const allowed = ALLOWED.get(kind) as ReadonlySet<string>;
  const options = Object.create(null) as Record<string, OptionValue>;
  for (const [name, value] of Object.entries(given)) {
    const isValue = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (!allowed.has(name) || !isValue) throw new MalformedRequestError('a key has another option');
    options[name] = value;
  }
  return options;
}
