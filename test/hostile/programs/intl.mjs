import { notTransferable, outOfMemory, success, TIMEOUT_MS, thrown, timeout } from '../lib/outcomes.mjs';
import { ONCE } from '../lib/ways.mjs';

export const title = 'asking ICU';
export const ways = ONCE;
export const quickStep = 2;

/** A call of the host is short, and each looks at the time. */
const ENDED = [...timeout(['interrupt', 'jobs']), outOfMemory()];

function loop(name, source, expect = ENDED) {
  return { name, source, options: { timeoutMs: TIMEOUT_MS }, expect: [expect].flat() };
}

function program(name, source, expect) {
  return { name, source, expect: [expect].flat() };
}

const LOOPS = [
  loop('formats without end', 'const f = new Intl.NumberFormat("de"); for (let i = 0; ; i++) f.format(i)'),
  loop(
    'objects that are all different',
    'for (let i = 0; ; i++) new Intl.DateTimeFormat("de-u-nu-arab", { timeZone: "Europe/Berlin", dateStyle: "full", hour12: i % 2 === 0, numberingSystem: ["latn", "arab", "thai"][i % 3] })',
  ),
  loop(
    'dates of all locales',
    'const l = ["ar", "ja-u-ca-japanese", "zh", "hi", "th", "fa", "he", "ko"]; for (let i = 0; ; i++) new Date(i * 1e9).toLocaleString(l[i % 8] + "-x-" + i.toString(36).padStart(4, "a"), { dateStyle: "full", timeStyle: "full" })',
  ),
  loop('long texts that are compared', 'const s = "é".repeat(5e5); for (;;) s.localeCompare(s + "x", "de")'),
  loop('long texts in another case', 'const s = "ß".repeat(5e5); for (;;) s.toLocaleUpperCase("de")'),
  loop(
    'segments of a long text',
    'for (const s of new Intl.Segmenter("th", { granularity: "word" }).segment("สวัสดี".repeat(1e5))) void s; for (;;);',
  ),
  loop(
    'a segment that never ends',
    'const s = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment("a".repeat(4e6))]; return s.length',
    [...ENDED, thrown(/RangeError: A segment is too long/)],
  ),
  loop(
    'parts of long numbers',
    'const n = BigInt("9".repeat(4000)); for (;;) new Intl.NumberFormat("en-IN").formatToParts(n)',
  ),
  loop('catching all that is thrown', 'for (;;) try { new Intl.NumberFormat("no such locale at all") } catch {}'),
  loop(
    'names of everything',
    'for (;;) { Intl.supportedValuesOf("unit"); Intl.supportedValuesOf("timeZone"); Intl.supportedValuesOf("currency") }',
  ),
  loop(
    'a list that is long',
    'const a = Array(2e4).fill("x"); const f = new Intl.ListFormat("en"); for (;;) f.format(a)',
  ),
  loop('in jobs', 'const f = () => Promise.resolve(new Intl.NumberFormat("de").format(1)).then(f); await f()'),
  loop('locales without end', 'return Intl.getCanonicalLocales({ length: 2 ** 53 - 1, get 0() { for (;;); } })'),
  loop('options that never end', 'return (1).toLocaleString("de", { get style() { for (;;); } })'),
  loop(
    'an iterable that never ends',
    'return new Intl.ListFormat("de").format({ *[Symbol.iterator]() { for (;;) yield "a" } })',
  ),
];

const SIZES = [
  program(
    'a text that is too long',
    'return "a".repeat(2 ** 20 + 1).localeCompare("b")',
    thrown(/RangeError: A text .*too long/),
  ),
  program(
    'a number that is too long',
    'return BigInt("9".repeat(5000)).toLocaleString()',
    thrown(/RangeError: A number of 5000 digits is not formatted: at most 4096/),
  ),
  program('a locale that is too long', 'return (1).toLocaleString("de-x-" + "a".repeat(2e4))', thrown(/RangeError/)),
  program('many locales', 'return (1).toLocaleString(Array(5e4).fill("de"))', thrown(/RangeError/)),
  program(
    'an exponent beyond all bounds',
    'return typeof new Intl.NumberFormat("en").format("1e999999999")',
    success('string'),
  ),
];

const TRICKS = [
  program(
    'builtins that are replaced before and after',
    `const { defineProperty, ownKeys } = Reflect;
     const reached = () => { throw new Error('reached') };
     const places = [];
     const prototypes = [Array.prototype, String.prototype, Number.prototype, Object.prototype, Function.prototype, RegExp.prototype];
     for (const p of prototypes) for (const k of ownKeys(p)) if (k !== 'constructor' && k !== 'length') places.push([p, k]);
     for (const o of [JSON, Reflect, Object, String, Number, Math]) for (const k of ownKeys(o)) if (k !== 'prototype' && k !== 'length') places.push([o, k]);
     const count = places.length;
     for (let i = 0; i < count; i++) {
       const d = { __proto__: null, value: reached, writable: true, configurable: true };
       defineProperty(places[i][0], places[i][1], d);
     }
     const f = new Intl.NumberFormat('de', { __proto__: null, style: 'percent' });
     const { format } = f;
     return format(0.5)`,
    success('50\u00a0%'),
  ),
  program(
    'toJSON of everything',
    'Object.prototype.toJSON = Array.prototype.toJSON = String.prototype.toJSON = () => "x"; return new Intl.ListFormat("en").format(["a", "b"]) + new Intl.NumberFormat(["de"]).format(1.5)',
    success('a and b1,5'),
  ),
  program(
    'options that name others',
    'return new Intl.NumberFormat("de", { style: `currency","x":"y`, __proto__: { currency: "EUR" } }).format(1)',
    thrown(/RangeError/),
  ),
  program(
    'a locale that ends the key',
    'return new Intl.NumberFormat(`de"],{"style":"percent"},["`).format(1)',
    thrown(/RangeError: Incorrect locale information provided/),
  ),
  program(
    'methods of other objects',
    'return Intl.NumberFormat.prototype.formatToParts.call(new Intl.Collator(), 1)',
    thrown(/TypeError: Method Intl.NumberFormat/),
  ),
  program(
    'what is no object of Intl',
    'return Object.create(Intl.NumberFormat.prototype).format(1)',
    thrown(/TypeError: Method Intl.NumberFormat/),
  ),
  program(
    'an object of Intl as the result',
    'return { f: new Intl.Segmenter("de") }',
    notTransferable('returnValue.f'),
  ),
  program('a list that calls itself', 'const a = [1]; a.push(a); return a.toLocaleString()', success('1,')),
  program(
    'a prototype that is not there',
    'const F = function () {}; F.prototype = null; const f = Reflect.construct(Intl.NumberFormat, ["de"], F); return Object.getPrototypeOf(f) === Intl.NumberFormat.prototype',
    success(true),
  ),
  program(
    'an option whose conversion asks again',
    'let n = 0; const style = { toString() { return n++ < 50 ? (new Intl.NumberFormat("de", { style }), "percent") : "percent" } }; return new Intl.NumberFormat("de", { style }).format(0.5)',
    success('50\u00a0%'),
  ),
];

export const programs = [...LOOPS, ...SIZES, ...TRICKS];
