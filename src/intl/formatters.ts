import { LRUCache } from 'lru-cache';
import type { LocaleSettings } from '../config/locale.js';
import { withDateDefaults } from './date-defaults.js';
import { type FormatterKey, type FormatterKind, MalformedRequestError, parseKey } from './formatter-key.js';

/** An object of `Intl`, made when it is first used, and what it is made of. */
export class Formatter {
  readonly key: FormatterKey;
  readonly #settings: LocaleSettings;
  #object: object | undefined;

  constructor(key: FormatterKey, settings: LocaleSettings) {
    this.key = key;
    this.#settings = settings;
  }

  /** @throws RangeError or TypeError as V8 does, for what `Intl` does not accept */
  get object(): object {
    this.#object ??= make(this.key, this.#settings);
    return this.#object;
  }
}

/** At most so many objects, and so much of their weights: some ten megabytes of ICU. */
const MAX_FORMATTERS = 128;
const MAX_WEIGHT = 256;
/** By how much memory and time ICU takes for one. */
const WEIGHTS: Partial<Record<FormatterKind, number>> = {
  DateTimeFormat: 8,
  DurationFormat: 8,
  DisplayNames: 4,
  Collator: 2,
};
const KEY_CHARACTERS_PER_WEIGHT = 1_024;

type Constructor = new (locales: readonly string[], options: object) => object;

/** The objects that were used last. They are functions of their key and hold nothing of a handler. */
export class Formatters {
  readonly #kept = new LRUCache<string, Formatter>({ max: MAX_FORMATTERS, maxSize: MAX_WEIGHT });
  #last: { readonly text: string; readonly settings: LocaleSettings; readonly formatter: Formatter } | undefined;

  /** How many are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * @param text untrusted
   * @throws MalformedRequestError see {@link parseKey}
   */
  get(text: string, settings: LocaleSettings): Formatter {
    // perf: most calls ask again for what the one before asked for, and a new name would have to be hashed.
    const last = this.#last;
    if (last !== undefined && last.text === text && last.settings === settings) return last.formatter;
    const formatter = this.#find(text, settings);
    this.#last = { text, settings, formatter };
    return formatter;
  }

  #find(text: string, settings: LocaleSettings): Formatter {
    const { locale, timeZone } = settings;
    const name = `${locale} ${timeZone} ${text}`;
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const key = parseKey(text);
    const formatter = new Formatter(key, settings);
    const size = Math.ceil(name.length / KEY_CHARACTERS_PER_WEIGHT) + (WEIGHTS[key.kind] ?? 1);
    this.#kept.set(name, formatter, { size });
    return formatter;
  }
}

/** The class of the host's `Intl`; undefined if this Node does not have it. */
export function classOf(kind: FormatterKind): Constructor | undefined {
  return (Intl as unknown as Record<string, Constructor | undefined>)[kind];
}

function make({ kind, defaults, locales, options }: FormatterKey, settings: LocaleSettings): object {
  if (kind === 'Locale') throw new MalformedRequestError('a locale is not looked for among others');
  const Class = classOf(kind);
  if (Class === undefined) throw new TypeError(`Intl.${kind} is not available: the host's Node does not have it`);
  // The host's own default comes from its environment; this one always exists, so it is never reached.
  const wanted = [...locales, settings.locale];
  if (kind !== 'DateTimeFormat') return new Class(wanted, options);
  const zoned = options['timeZone'] === undefined ? { ...options, timeZone: settings.timeZone } : options;
  return new Class(wanted, withDateDefaults(zoned, defaults));
}
