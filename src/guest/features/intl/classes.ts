import { type DateValue, dateValue } from './dates.js';
import { durationJson } from './durations.js';
import { ask, askFor, operation } from './host.js';
import {
  type Arbitrary,
  addMembers,
  defineProperty,
  TypeErrorConstructor,
  tag,
  toNumber,
  toText,
} from './intrinsics.js';
import { asJsonList, iterableTexts } from './lists.js';
import { numericMark, numericValue } from './numbers.js';
import {
  anyOptions,
  COLLATOR_OPTIONS,
  DATE_OPTIONS,
  DURATION_OPTIONS,
  keyOf,
  LIST_OPTIONS,
  MATCHER,
  NAMES_OPTIONS,
  NUMBER_OPTIONS,
  type OptionList,
  objectOptions,
  PLURAL_OPTIONS,
  RELATIVE_OPTIONS,
  readLocales,
  readOptions,
  SEGMENTER_OPTIONS,
} from './options.js';
import { partsOf, recordOf, textsOf } from './results.js';
import { segmentsOf } from './segments.js';
import { foundOf, make, setFound, slotOf } from './slots.js';

const CHECK = operation('check');
const RESOLVED = operation('resolvedOptions');
const FORMAT = operation('format');
const FORMAT_TO_PARTS = operation('formatToParts');
const FORMAT_RANGE = operation('formatRange');
const FORMAT_RANGE_TO_PARTS = operation('formatRangeToParts');
const COMPARE = operation('compare');
const SELECT = operation('select');
const SELECT_RANGE = operation('selectRange');
const OF = operation('of');
const SUPPORTED = operation('supportedLocales');

interface ClassOptions {
  readonly list: OptionList;
  readonly coerce: (options: unknown) => Arbitrary;
  /** Whether it can be called without `new`. */
  readonly isCallable?: boolean;
  readonly length?: number;
}

export type IntlClass = ((...args: unknown[]) => object) & { prototype: object };

function defineClass(
  kind: string,
  { list, coerce, isCallable = false, length = 0 }: ClassOptions,
  members: object,
): IntlClass {
  const Class = function (...args: unknown[]): object {
    if (new.target === undefined && !isCallable) {
      throw new TypeErrorConstructor('Constructor Intl.' + kind + " requires 'new'");
    }
    const locales = readLocales(args[0]);
    const key = keyOf(kind, locales, readOptions(coerce(args[1]), list));
    askFor(CHECK, key);
    return make(kind, key, new.target ?? Class, Class.prototype);
  } as IntlClass;
  defineProperty(Class, 'name', { value: kind, configurable: true });
  defineProperty(Class, 'length', { value: length, configurable: true });
  defineProperty(Class, 'prototype', { writable: false });
  defineProperty(Class.prototype, 'constructor', {
    value: Class,
    writable: true,
    enumerable: false,
    configurable: true,
  });
  addMembers(Class.prototype, members);
  addMembers(Class.prototype, {
    resolvedOptions(this: unknown) {
      return recordOf(askFor(RESOLVED, slotOf(this, kind, 'resolvedOptions')));
    },
  });
  addMembers(Class, {
    supportedLocalesOf(locales: unknown, ...rest: unknown[]) {
      const wanted = readLocales(locales);
      return textsOf(askFor(SUPPORTED, keyOf(kind, wanted, readOptions(anyOptions(rest[0]), MATCHER))));
    },
  });
  tag(Class.prototype, 'Intl.' + kind);
  return Class;
}

/** The function that a getter gives: the same each time, without a name, bound to its object. */
function bound(target: object, make: () => (...args: never[]) => unknown, length: number): unknown {
  const known = foundOf(target);
  if (known !== undefined) return known;
  const made = make();
  defineProperty(made, 'name', { value: '', configurable: true });
  defineProperty(made, 'length', { value: length, configurable: true });
  setFound(target, made);
  return made;
}

const NUMBER = 'NumberFormat';
export const NumberFormat = defineClass(
  NUMBER,
  { list: NUMBER_OPTIONS, coerce: anyOptions, isCallable: true },
  {
    get format() {
      const key = slotOf(this, NUMBER, 'format');
      return bound(
        this as object,
        () => (value: unknown) => {
          if (typeof value === 'number') return askFor(FORMAT, key, value);
          const numeric = numericValue(value);
          return askFor(FORMAT, key, toPassed(numeric), numericMark(numeric));
        },
        1,
      );
    },
    formatToParts(this: unknown, value: unknown) {
      const key = slotOf(this, NUMBER, 'formatToParts');
      const numeric = numericValue(value);
      return partsOf(askFor(FORMAT_TO_PARTS, key, toPassed(numeric), numericMark(numeric)));
    },
    formatRange(this: unknown, start: unknown, end: unknown) {
      const key = slotOf(this, NUMBER, 'formatRange');
      return numberRange(FORMAT_RANGE, key, start, end);
    },
    formatRangeToParts(this: unknown, start: unknown, end: unknown) {
      const key = slotOf(this, NUMBER, 'formatRangeToParts');
      return partsOf(numberRange(FORMAT_RANGE_TO_PARTS, key, start, end));
    },
  },
);

function numberRange(number: number, key: string, start: unknown, end: unknown): unknown {
  if (start === undefined || end === undefined)
    throw new TypeErrorConstructor('startRange or endRange cannot be undefined');
  const from = numericValue(start);
  const to = numericValue(end);
  return askFor(number, key, toPassed(from), toPassed(to), numericMark(from) + numericMark(to));
}

function toPassed(value: unknown): unknown {
  return typeof value === 'bigint' ? toText(value) : value;
}

const DATE = 'DateTimeFormat';
export const DateTimeFormat = defineClass(
  DATE,
  { list: DATE_OPTIONS, coerce: anyOptions, isCallable: true },
  {
    get format() {
      const key = slotOf(this, DATE, 'format');
      return bound(this as object, () => (date: DateValue) => askFor(FORMAT, key, dateValue(date)), 1);
    },
    formatToParts(this: unknown, date: DateValue) {
      const key = slotOf(this, DATE, 'formatToParts');
      return partsOf(askFor(FORMAT_TO_PARTS, key, dateValue(date)));
    },
    formatRange(this: unknown, start: DateValue, end: DateValue) {
      const key = slotOf(this, DATE, 'formatRange');
      return dateRange(FORMAT_RANGE, key, start, end);
    },
    formatRangeToParts(this: unknown, start: DateValue, end: DateValue) {
      const key = slotOf(this, DATE, 'formatRangeToParts');
      return partsOf(dateRange(FORMAT_RANGE_TO_PARTS, key, start, end));
    },
  },
);

function dateRange(number: number, key: string, start: DateValue, end: DateValue): unknown {
  if (start === undefined || end === undefined)
    throw new TypeErrorConstructor('startDate or endDate cannot be undefined');
  const from = toNumber(start);
  return askFor(number, key, from, toNumber(end));
}

const COLLATOR = 'Collator';
export const Collator = defineClass(
  COLLATOR,
  { list: COLLATOR_OPTIONS, coerce: anyOptions, isCallable: true },
  {
    get compare() {
      const key = slotOf(this, COLLATOR, 'compare');
      return bound(
        this as object,
        () => (a: unknown, b: unknown) => {
          const first = toText(a);
          return askFor(COMPARE, key, first, toText(b));
        },
        2,
      );
    },
  },
);

const PLURAL = 'PluralRules';
export const PluralRules = defineClass(
  PLURAL,
  { list: PLURAL_OPTIONS, coerce: anyOptions },
  {
    select(this: unknown, value: unknown) {
      const key = slotOf(this, PLURAL, 'select');
      return askFor(SELECT, key, toNumber(value));
    },
    selectRange(this: unknown, start: unknown, end: unknown) {
      const key = slotOf(this, PLURAL, 'selectRange');
      if (start === undefined || end === undefined)
        throw new TypeErrorConstructor('startRange or endRange cannot be undefined');
      const from = toNumber(start);
      return askFor(SELECT_RANGE, key, from, toNumber(end));
    },
  },
);

const RELATIVE = 'RelativeTimeFormat';
export const RelativeTimeFormat = defineClass(
  RELATIVE,
  { list: RELATIVE_OPTIONS, coerce: anyOptions },
  {
    format(this: unknown, value: unknown, unit: unknown) {
      const key = slotOf(this, RELATIVE, 'format');
      const number = toNumber(value);
      return askFor(FORMAT, key, number, toText(unit));
    },
    formatToParts(this: unknown, value: unknown, unit: unknown) {
      const key = slotOf(this, RELATIVE, 'formatToParts');
      const number = toNumber(value);
      return partsOf(askFor(FORMAT_TO_PARTS, key, number, toText(unit)));
    },
  },
);

const LIST = 'ListFormat';
export const ListFormat = defineClass(
  LIST,
  { list: LIST_OPTIONS, coerce: objectOptions },
  {
    format(this: unknown, list: unknown) {
      const key = slotOf(this, LIST, 'format');
      return askFor(FORMAT, key, asJsonList(iterableTexts(list)));
    },
    formatToParts(this: unknown, list: unknown) {
      const key = slotOf(this, LIST, 'formatToParts');
      return partsOf(askFor(FORMAT_TO_PARTS, key, asJsonList(iterableTexts(list))));
    },
  },
);

const NAMES = 'DisplayNames';
export const DisplayNames = defineClass(
  NAMES,
  {
    list: NAMES_OPTIONS,
    length: 2,
    coerce(options) {
      if (options === undefined) throw new TypeErrorConstructor('Required option "type" must not be undefined');
      return objectOptions(options);
    },
  },
  {
    of(this: unknown, code: unknown) {
      const key = slotOf(this, NAMES, 'of');
      return ask(OF, key, toText(code));
    },
  },
);

const SEGMENTER = 'Segmenter';
export const Segmenter = defineClass(
  SEGMENTER,
  { list: SEGMENTER_OPTIONS, coerce: objectOptions },
  {
    segment(this: unknown, text: unknown) {
      const key = slotOf(this, SEGMENTER, 'segment');
      return segmentsOf(key, toText(text));
    },
  },
);

const DURATION = 'DurationFormat';
export const DurationFormat = defineClass(
  DURATION,
  { list: DURATION_OPTIONS, coerce: objectOptions },
  {
    format(this: unknown, duration: unknown) {
      const key = slotOf(this, DURATION, 'format');
      return askFor(FORMAT, key, durationJson(duration));
    },
    formatToParts(this: unknown, duration: unknown) {
      const key = slotOf(this, DURATION, 'formatToParts');
      return partsOf(askFor(FORMAT_TO_PARTS, key, durationJson(duration)));
    },
  },
);

export const CLASSES: Arbitrary = {
  NumberFormat,
  DateTimeFormat,
  Collator,
  PluralRules,
  RelativeTimeFormat,
  ListFormat,
  DisplayNames,
  Segmenter,
};
