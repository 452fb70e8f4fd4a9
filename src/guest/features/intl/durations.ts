import { isObject, quote, RangeErrorConstructor, TypeErrorConstructor, toNumber, toText } from './intrinsics.js';

/** In the order in which they are read. */
const UNITS = [
  ...['days', 'hours', 'microseconds', 'milliseconds', 'minutes', 'months', 'nanoseconds', 'seconds', 'weeks', 'years'],
];

/** ToDurationRecord, as JSON. */
export function durationJson(duration: unknown): string {
  if (typeof duration === 'string') throw new RangeErrorConstructor('A duration is an object: texts are not parsed');
  if (!isObject(duration)) throw new TypeErrorConstructor('A duration is an object');
  let json = '';
  for (let i = 0; i < UNITS.length; i++) {
    const unit = UNITS[i] as string;
    const value = duration[unit];
    if (value === undefined) continue;
    const number = toNumber(value);
    if (number % 1 !== 0) throw new RangeErrorConstructor('Invalid duration value ' + toText(value) + ' for ' + unit);
    json += (json === '' ? '' : ',') + quote(unit) + ':' + toText(number);
  }
  if (json === '') throw new TypeErrorConstructor('A duration has at least one unit');
  return '{' + json + '}';
}
