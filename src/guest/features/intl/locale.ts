import { ask, askFor, operation } from './host.js';
import {
  type Arbitrary,
  addMembers,
  create,
  defineProperty,
  isObject,
  quote,
  TypeErrorConstructor,
  tag,
  toObject,
  toText,
} from './intrinsics.js';
import { keyOf, LOCALE_OPTIONS, readOptions } from './options.js';
import { recordOf, textsOf } from './results.js';
import { localeTag, make, slotOf } from './slots.js';

const LOCALE = operation('locale');
const MAXIMIZE = operation('maximize');
const MINIMIZE = operation('minimize');
const INFO = operation('localeInfo');
const KIND = 'Locale';

/** Its key is its canonical text. */
export const Locale = function (...args: unknown[]): object {
  if (new.target === undefined) throw new TypeErrorConstructor("Constructor Intl.Locale requires 'new'");
  const [given, options] = [args[0], args[1]];
  if (typeof given !== 'string' && !isObject(given)) {
    throw new TypeErrorConstructor("First argument to Intl.Locale constructor can't be empty or missing");
  }
  const text = localeTag(given) ?? toText(given);
  const read = readOptions(options === undefined ? (create(null) as Arbitrary) : toObject(options), LOCALE_OPTIONS);
  return make(KIND, askFor(LOCALE, keyFor(text, read)) as string, new.target, Locale.prototype);
} as ((...args: unknown[]) => object) & { prototype: object };

function keyFor(text: string, options = '{}'): string {
  return keyOf(KIND, '[' + quote(text) + ']', options);
}

function textOf(locale: unknown, method: string): string {
  return slotOf(locale, KIND, method);
}

function changed(number: number, text: string): object {
  return make(KIND, askFor(number, keyFor(text)) as string, Locale, Locale.prototype);
}

defineProperty(Locale, 'name', { value: KIND, configurable: true });
defineProperty(Locale, 'length', { value: 1, configurable: true });
defineProperty(Locale, 'prototype', { writable: false });
defineProperty(Locale.prototype, 'constructor', {
  value: Locale,
  writable: true,
  enumerable: false,
  configurable: true,
});
tag(Locale.prototype, 'Intl.Locale');
addMembers(Locale.prototype, {
  maximize(this: unknown) {
    return changed(MAXIMIZE, textOf(this, 'maximize'));
  },
  minimize(this: unknown) {
    return changed(MINIMIZE, textOf(this, 'minimize'));
  },
  toString(this: unknown) {
    return textOf(this, 'toString');
  },
});

const FIELDS = [
  ...['baseName', 'calendar', 'caseFirst', 'collation', 'hourCycle', 'language', 'numberingSystem', 'numeric'],
  ...['region', 'script'],
];
for (let i = 0; i < FIELDS.length; i++) {
  const name = FIELDS[i] as string;
  const members = {
    get value() {
      return ask(INFO, keyFor(textOf(this, name)), name);
    },
  };
  const get = Object.getOwnPropertyDescriptor(members, 'value')?.get as () => unknown;
  defineProperty(get, 'name', { value: 'get ' + name, configurable: true });
  defineProperty(Locale.prototype, name, { get, enumerable: false, configurable: true });
}

/** Methods, and what each asks for. */
const LISTS = [
  ...['getCalendars', 'calendars', 'getCollations', 'collations', 'getHourCycles', 'hourCycles'],
  ...['getNumberingSystems', 'numberingSystems', 'getTimeZones', 'timeZones'],
];
for (let i = 0; i < LISTS.length; i += 2) {
  const name = LISTS[i + 1] as string;
  const method = LISTS[i] as string;
  addMembers(Locale.prototype, {
    [method](this: unknown) {
      const answer = ask(INFO, keyFor(textOf(this, method)), name);
      return answer === undefined ? undefined : textsOf(answer);
    },
  });
}
addMembers(Locale.prototype, {
  getTextInfo(this: unknown) {
    return recordOf(askFor(INFO, keyFor(textOf(this, 'getTextInfo')), 'textInfo'));
  },
  getWeekInfo(this: unknown) {
    return recordOf(askFor(INFO, keyFor(textOf(this, 'getWeekInfo')), 'weekInfo'));
  },
});
