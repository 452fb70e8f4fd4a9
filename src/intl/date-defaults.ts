import type { DateDefaults } from './formatter-key.js';

const DATE_FIELDS = ['weekday', 'year', 'month', 'day'];
const TIME_FIELDS = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits'];
/** What `toLocaleString` and its like show when the options name no field, by ECMA-402. */
const SHOWN_DATE = ['year', 'month', 'day'];
const SHOWN_TIME = ['hour', 'minute', 'second'];

type Options = Readonly<Record<string, string | number | boolean>>;

/** @throws TypeError if a style is of the other half of a date */
export function withDateDefaults(options: Options, defaults: DateDefaults): Options {
  if (defaults === '') return options;
  const { dateStyle, timeStyle } = options;
  if (defaults === 'date' && timeStyle !== undefined) throw new TypeError('Invalid option : timeStyle');
  if (defaults === 'time' && dateStyle !== undefined) throw new TypeError('Invalid option : dateStyle');
  const fields = [...(defaults === 'time' ? [] : DATE_FIELDS), ...(defaults === 'date' ? [] : TIME_FIELDS)];
  const hasOwn =
    dateStyle !== undefined || timeStyle !== undefined || fields.some((name) => options[name] !== undefined);
  if (hasOwn) return options;
  const shown = [...(defaults === 'time' ? [] : SHOWN_DATE), ...(defaults === 'date' ? [] : SHOWN_TIME)];
  return Object.assign(Object.create(null), options, Object.fromEntries(shown.map((name) => [name, 'numeric'])));
}
