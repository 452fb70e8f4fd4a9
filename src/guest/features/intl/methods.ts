import { dateValue } from './dates.js';
import { askFor, operation } from './host.js';
import {
  type Arbitrary,
  apply,
  isNotANumber,
  show,
  TypeErrorConstructor,
  toNumber,
  toObject,
  toText,
} from './intrinsics.js';
import {
  anyOptions,
  COLLATOR_OPTIONS,
  DATE_OPTIONS,
  keyOf,
  NUMBER_OPTIONS,
  readLocales,
  readOptions,
} from './options.js';

/**
 * The methods of other builtins that have a locale. They make no object of `Intl` that stays. In classes, because code there is
 * strict: `this` is what the method is called on.
 */

const FORMAT = operation('format');
const COMPARE = operation('compare');
const TO_UPPER_CASE = operation('toUpperCase');
const TO_LOWER_CASE = operation('toLowerCase');

const numberOf = Number.prototype.valueOf;
const bigintOf = BigInt.prototype.valueOf;
const timeOf = Date.prototype.getTime;

const PLAIN_NUMBER = keyOf('NumberFormat', '[]', '{}');
const PLAIN_COLLATOR = keyOf('Collator', '[]', '{}');

function numberKey(locales: unknown, options: unknown): string {
  if (locales === undefined && options === undefined) return PLAIN_NUMBER;
  const wanted = readLocales(locales);
  return keyOf('NumberFormat', wanted, options === undefined ? '{}' : readOptions(anyOptions(options), NUMBER_OPTIONS));
}

function dateText(date: unknown, defaults: string, locales: unknown, options: unknown): unknown {
  const time = apply(timeOf, date, []) as number;
  if (isNotANumber(time)) return 'Invalid Date';
  const wanted = readLocales(locales);
  const read = options === undefined ? '{}' : readOptions(anyOptions(options), DATE_OPTIONS);
  return askFor(FORMAT, keyOf('DateTimeFormat', wanted, read, defaults), dateValue(time));
}

function textOf(value: unknown, method: string): string {
  if (value !== undefined && value !== null) return toText(value);
  throw new TypeErrorConstructor('String.prototype.' + method + ' called on null or undefined');
}

function changedCase(number: number, method: string, value: unknown, locales: unknown): unknown {
  const text = textOf(value, method);
  return askFor(number, keyOf('Collator', readLocales(locales), '{}'), text);
}

/** The arrays that are being joined: one that has itself as an item is empty there. */
const open: object[] = [];

function joined(array: Arbitrary, length: number, locales: unknown, options: unknown): string {
  for (let i = 0; i < open.length; i++) if (open[i] === array) return '';
  open[open.length] = array;
  try {
    let text = '';
    for (let i = 0; i < length; i++) {
      if (i > 0) text += ',';
      const item = array[i];
      if (item === undefined || item === null) continue;
      const method = (item as Arbitrary)['toLocaleString'];
      if (typeof method !== 'function')
        throw new TypeErrorConstructor(show(item) + '.toLocaleString is not a function');
      text += toText(apply(method as () => unknown, item, [locales, options]));
    }
    return text;
  } finally {
    open.length--;
  }
}

const typedLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')
  ?.get as () => unknown;

export const ofNumber = new (class {
  toLocaleString(this: unknown, ...args: unknown[]) {
    const value = apply(numberOf, this, []);
    return askFor(FORMAT, numberKey(args[0], args[1]), value);
  }
})().toLocaleString;

export const ofBigInt = new (class {
  toLocaleString(this: unknown, ...args: unknown[]) {
    const value = apply(bigintOf, this, []);
    return askFor(FORMAT, numberKey(args[0], args[1]), toText(value), 'n');
  }
})().toLocaleString;

export const ofArray = new (class {
  toLocaleString(this: unknown, ...args: unknown[]) {
    const array = toObject(this);
    const length = toNumber(array['length']);
    return joined(array, length > 0 ? length : 0, args[0], args[1]);
  }
})().toLocaleString;

export const ofTypedArray = new (class {
  toLocaleString(this: unknown, ...args: unknown[]) {
    const length = apply(typedLength, this, []) as number;
    return joined(this as Arbitrary, length, args[0], args[1]);
  }
})().toLocaleString;

export const ofDate = new (class {
  toLocaleString(this: unknown, ...args: unknown[]) {
    return dateText(this, 'any', args[0], args[1]);
  }
  toLocaleDateString(this: unknown, ...args: unknown[]) {
    return dateText(this, 'date', args[0], args[1]);
  }
  toLocaleTimeString(this: unknown, ...args: unknown[]) {
    return dateText(this, 'time', args[0], args[1]);
  }
})();

export const ofString = new (class {
  localeCompare(this: unknown, that: unknown, ...args: unknown[]) {
    const text = textOf(this, 'localeCompare');
    const other = toText(that);
    const isPlain = args[0] === undefined && args[1] === undefined;
    const key = isPlain
      ? PLAIN_COLLATOR
      : keyOf('Collator', readLocales(args[0]), readOptions(anyOptions(args[1]), COLLATOR_OPTIONS));
    return askFor(COMPARE, key, text, other);
  }
  toLocaleUpperCase(this: unknown, ...args: unknown[]) {
    return changedCase(TO_UPPER_CASE, 'toLocaleUpperCase', this, args[0]);
  }
  toLocaleLowerCase(this: unknown, ...args: unknown[]) {
    return changedCase(TO_LOWER_CASE, 'toLocaleLowerCase', this, args[0]);
  }
})();
