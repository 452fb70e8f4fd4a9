// What the function of the host is asked by a guest that owns its VM: any operation, with any primitive values. It answers something
// that can be encoded, refuses it, or throws what `Intl` throws.
import { ValueEncoder } from '#build/codec/values/encoding/encode.js';
import { DEFAULT_SETTINGS } from '#build/config/locale.js';
import { INTL_OPERATIONS } from '#build/guest/abi.js';
import { MalformedRequestError } from '#build/intl/formatter-key.js';
import { IntlOperations } from '#build/intl/operations.js';
import { mutateBytes } from '../lib/mutate.mjs';

export const cases = 200_000;
export const short = 600;

const KEYS = [
  '["NumberFormat","",["de-DE"],{"style":"currency","currency":"EUR","maximumFractionDigits":3}]',
  '["DateTimeFormat","any",["ja-u-ca-japanese","xx"],{"dateStyle":"full","timeZone":"Asia/Tokyo"}]',
  '["DateTimeFormat","",[],{"hour":"numeric","fractionalSecondDigits":2}]',
  '["Collator","",["sv"],{"numeric":true,"sensitivity":"base"}]',
  '["PluralRules","",["ar"],{"type":"ordinal"}]',
  '["RelativeTimeFormat","",["fr"],{"numeric":"auto"}]',
  '["ListFormat","",["en"],{"type":"unit"}]',
  '["DisplayNames","",["de"],{"type":"region"}]',
  '["Segmenter","",["th"],{"granularity":"word"}]',
  '["Locale","",["en-Latn-US-u-hc-h12"],{"calendar":"roc"}]',
  '["DurationFormat","",["en"],{"style":"long"}]',
  'unit',
  'NumberFormat',
];
const TEXTS = [
  '',
  'a',
  'day',
  'US',
  'weekInfo',
  'n',
  'nn',
  '12345',
  '-1e400',
  '["a","b"]',
  '{"days":1}',
  'สวัสดี ab. c',
  '\ud800',
  'ß',
];
/** ICU may take its time for it, but no more than this. */
const MAX_MS = 250;

function value(random) {
  return random.weighted([
    [3, () => random.pick(TEXTS)],
    [2, () => random.pick([0, -0, 1, 1.5, 1e21, Number.NaN, Number.POSITIVE_INFINITY, 8.64e15, -8.64e15, 2 ** 53])],
    [1, () => (random.fraction() - 0.5) * 1e16],
    [1, () => random.pick([true, false, null, undefined])],
    [1, () => random.pick(TEXTS).repeat(random.below(300))],
  ])();
}

/** A case: `{ operation, args }`. */
export function generate(random) {
  const key = random.pick(KEYS);
  const others = KEYS.map((other) => Buffer.from(other));
  const subject = random.chance(0.5)
    ? key
    : Buffer.from(mutateBytes(random, Buffer.from(key), others)).toString('latin1');
  const operation = random.chance(0.95)
    ? random.below(INTL_OPERATIONS.length)
    : random.pick([-1, 1e9, Number.NaN, 0.5]);
  return {
    operation,
    args: [random.chance(0.97) ? subject : value(random), ...random.list(random.below(5), () => value(random))],
  };
}

export function open() {
  return { operations: new IntlOperations(), encoder: new ValueEncoder() };
}

export function run({ operation, args }, { operations, encoder }) {
  const startedAt = performance.now();
  try {
    encoder.encode(operations.perform(operation, args, DEFAULT_SETTINGS), 'answer');
  } catch (error) {
    const isKnown = error instanceof MalformedRequestError || error instanceof RangeError || error instanceof TypeError;
    if (!isKnown) return { kind: 'threw', message: String(error?.stack ?? error) };
  }
  const ms = performance.now() - startedAt;
  return ms <= MAX_MS ? undefined : { kind: 'slow', message: `it took ${Math.round(ms)} ms` };
}

export function describe({ operation, args }) {
  return `${INTL_OPERATIONS[operation]} ${JSON.stringify(args)}`;
}
