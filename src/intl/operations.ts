import type { LocaleSettings } from '../config/locale.js';
import { INTL_ANSWER, INTL_OPERATIONS, MAX_INTL_DIGITS, MAX_INTL_TEXT } from '../guest/abi.js';
import { type FormatterKey, type FormatterKind, isKind, MalformedRequestError } from './formatter-key.js';
import { classOf, type Formatter, Formatters } from './formatters.js';
import { localeInfo, makeLocale } from './locales.js';
import { segmentWindow } from './segments.js';

/** What the guest passes: all of it is untrusted. */
export type Passed = string | number | boolean | null | undefined;
type Arguments = readonly Passed[];
type Formatted = Readonly<Record<string, unknown>>;
type Methods = Readonly<Record<string, (...values: unknown[]) => unknown>>;

/** The methods of `Intl` that are called, by the kinds that have them. */
const FORMATS: readonly FormatterKind[] = [
  'NumberFormat',
  'DateTimeFormat',
  'RelativeTimeFormat',
  'ListFormat',
  'DurationFormat',
];
const RANGES: readonly FormatterKind[] = ['NumberFormat', 'DateTimeFormat'];
const BIGINT = 'n';
const DIGITS = /^-?\d+$/;

/** The answers of ICU. A function of what is asked and of the settings: the only state is which objects are kept. */
export class IntlOperations {
  readonly #formatters = new Formatters();

  /**
   * @param operation index in {@link INTL_OPERATIONS}
   * @returns a value that can be encoded
   * @throws RangeError, TypeError as `Intl` does; MalformedRequestError for what the guest's half never asks
   */
  perform(operation: number, args: Arguments, settings: LocaleSettings): unknown {
    const name = INTL_OPERATIONS[operation];
    const subject = args[0];
    if (name === undefined || typeof subject !== 'string')
      throw new MalformedRequestError('there is no such operation');
    if (name === 'supportedValues') return [INTL_ANSWER, ...Intl.supportedValuesOf(subject as 'unit')];
    if (name === 'hasKind') return isKind(subject) && classOf(subject) !== undefined;
    const formatter = this.#formatters.get(subject, settings);
    const { key } = formatter;
    const of = (...kinds: readonly FormatterKind[]): Methods => {
      if (kinds.includes(key.kind)) return formatter.object as unknown as Methods;
      throw new MalformedRequestError(`${name} is for other objects`);
    };
    switch (name) {
      case 'check':
        return formatter.object !== undefined;
      case 'resolvedOptions':
        return [INTL_ANSWER, ...resolvedOptions(formatter, settings)];
      case 'format':
        return invoke(of(...FORMATS), 'format', valuesOf(key.kind, args));
      case 'formatToParts':
        return partsOf(invoke(of(...FORMATS), 'formatToParts', valuesOf(key.kind, args)));
      case 'formatRange':
        return invoke(of(...RANGES), 'formatRange', rangeOf(key.kind, args));
      case 'formatRangeToParts':
        return partsOf(invoke(of(...RANGES), 'formatRangeToParts', rangeOf(key.kind, args)));
      case 'compare':
        return invoke(of('Collator'), 'compare', [textOf(args[1]), textOf(args[2])]);
      case 'select':
        return invoke(of('PluralRules'), 'select', [numberOf(args[1])]);
      case 'selectRange':
        return invoke(of('PluralRules'), 'selectRange', [numberOf(args[1]), numberOf(args[2])]);
      case 'of':
        return invoke(of('DisplayNames'), 'of', [textOf(args[1])]);
      case 'segment': {
        const segmenter = of('Segmenter') as unknown as Intl.Segmenter;
        const { ends, words } = segmentWindow(segmenter, textOf(args[1]), args[2] === true);
        return [INTL_ANSWER, words, ...ends];
      }
      case 'toUpperCase':
        return textOf(args[1]).toLocaleUpperCase(firstOf(key.locales, settings));
      case 'toLowerCase':
        return textOf(args[1]).toLocaleLowerCase(firstOf(key.locales, settings));
      case 'locale':
        return makeLocale(key).toString();
      case 'maximize':
        return makeLocale(key).maximize().toString();
      case 'minimize':
        return makeLocale(key).minimize().toString();
      case 'localeInfo': {
        const info = localeInfo(makeLocale(key), textOf(args[1]));
        return Array.isArray(info) ? [INTL_ANSWER, ...info] : info;
      }
      case 'canonicalLocales':
        return [INTL_ANSWER, ...Intl.getCanonicalLocales([...key.locales])];
      case 'supportedLocales':
        return [INTL_ANSWER, ...supportedLocales(key)];
      default:
        throw name satisfies never;
    }
  }
}

function invoke(object: Methods, method: string, values: readonly unknown[]): unknown {
  const found = object[method];
  if (found === undefined) throw new TypeError(`${method} is not available: the host's Node does not have it`);
  return Reflect.apply(found, object, values);
}

function valuesOf(kind: FormatterKind, [, value, extra]: Arguments): readonly unknown[] {
  switch (kind) {
    case 'NumberFormat':
      return [numeric(value, extra === BIGINT)];
    case 'RelativeTimeFormat':
      return [numberOf(value), textOf(extra)];
    case 'ListFormat':
      return [listOf(value)];
    case 'DurationFormat':
      return [durationOf(value)];
    default:
      return [numberOf(value)];
  }
}

function rangeOf(kind: FormatterKind, [, start, end, marks]: Arguments): readonly unknown[] {
  if (kind === 'DateTimeFormat') return [numberOf(start), numberOf(end)];
  const marked = typeof marks === 'string' ? marks : '';
  return [numeric(start, marked[0] === BIGINT), numeric(end, marked[1] === BIGINT)];
}

function numeric(value: Passed, isBigInt: boolean): unknown {
  if (typeof value === 'number') return value;
  const text = textOf(value);
  // Longer ones take a time that grows with the square of their length.
  if (text.length > MAX_INTL_DIGITS) {
    throw new RangeError(`A number of ${text.length} digits is not formatted: at most ${MAX_INTL_DIGITS}`);
  }
  if (!isBigInt) return text;
  if (!DIGITS.test(text)) throw new MalformedRequestError('a bigint has other digits');
  return BigInt(text);
}

function numberOf(value: Passed): number {
  if (typeof value === 'number') return value;
  throw new MalformedRequestError('a number is expected');
}

function textOf(value: Passed): string {
  if (typeof value !== 'string') throw new MalformedRequestError('a text is expected');
  if (value.length > MAX_INTL_TEXT) {
    throw new RangeError(`A text of ${value.length} characters is too long for this: at most ${MAX_INTL_TEXT}`);
  }
  return value;
}

function listOf(value: Passed): string[] {
  const list = parsed(value);
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  throw new MalformedRequestError('a list of texts is expected');
}

function durationOf(value: Passed): Record<string, number> {
  const record = parsed(value);
  const isRecord = typeof record === 'object' && record !== null && !Array.isArray(record);
  if (isRecord && Object.values(record).every((item) => typeof item === 'number'))
    return record as Record<string, number>;
  throw new MalformedRequestError('a duration is expected');
}

function parsed(value: Passed): unknown {
  try {
    return JSON.parse(textOf(value));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new MalformedRequestError('a value is no JSON');
  }
}

function firstOf(locales: readonly string[], { locale }: LocaleSettings): string {
  return locales[0] ?? locale;
}

/** Names and values in turn. */
function resolvedOptions({ key, object }: Formatter, { locale }: LocaleSettings): unknown[] {
  const resolved = (object as Intl.NumberFormat).resolvedOptions() as unknown as Formatted;
  // The default counts as it is, and not as the locale that was found for it.
  const isDefault = supportedLocales(key).length === 0;
  return Object.entries(isDefault ? { ...resolved, locale } : resolved).flat();
}

function supportedLocales({ kind, locales, options }: FormatterKey): readonly string[] {
  const { localeMatcher } = options;
  const Class = classOf(kind) as unknown as typeof Intl.NumberFormat;
  return Class.supportedLocalesOf(
    [...locales],
    localeMatcher === undefined ? {} : { localeMatcher: localeMatcher as 'lookup' },
  );
}

/** The names that parts have, then their values: undefined for what one lacks. */
function partsOf(parts: unknown): unknown[] {
  const list = parts as readonly Formatted[];
  const names = ['type', 'value', ...new Set(list.flatMap((part) => Object.keys(part)))];
  const columns = [...new Set(names)];
  return [INTL_ANSWER, columns.length, ...columns, ...list.flatMap((part) => columns.map((name) => part[name]))];
}
