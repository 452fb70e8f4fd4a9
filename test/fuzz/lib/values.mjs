import { inspect } from 'node:util';

// Values of every kind that can be passed, and values that are chosen to be costly.

const STRINGS = [
  '',
  'a',
  'key',
  '__proto__',
  'constructor',
  'toString',
  'length',
  'then',
  'toJSON',
  'é',
  '日本',
  '\ud800',
  '0',
  '-1',
];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  5e-324,
  1e308,
];
const BIGINTS = [0n, 1n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, 2n ** 500n];
const TYPED_ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
];
const ERRORS = [Error, TypeError, RangeError, EvalError, AggregateError];
const REGEXPS = [/a/, /(?<name>\d+)\/\n/giu, /^[^\]]*$/ms, /\p{L}/u, /[[a-z]--b]/v, /(?:)/y, /é日\ud800/d];

/** @param depth how deep it may be */
export function randomValue(random, depth = 4, isPlain = false) {
  if (depth <= 0 || random.chance(0.35)) return randomPrimitive(random, isPlain);
  const inner = () => randomValue(random, depth - 1, isPlain);
  const size = random.weighted([
    [8, random.below(5)],
    [0.3, random.below(30)],
  ]);
  const record = () => Object.fromEntries(random.list(size, () => [randomString(random), inner()]));
  const kinds = [
    [4, record],
    [4, () => random.list(size, inner)],
    [1, () => Array(size).fill(inner())],
  ];
  if (!isPlain) {
    kinds.push(
      [1, () => new Map(random.list(size, () => [inner(), inner()]))],
      [1, () => new Set(random.list(size, inner))],
      [1, () => new Date(random.pick(NUMBERS))],
      [1, () => new (random.pick(TYPED_ARRAYS))(size)],
      [1, () => random.bytes(size).buffer],
      [1, () => withFields(newError(random.pick(ERRORS), randomString(random)), record())],
      [1, () => new RegExp(random.pick(REGEXPS))],
    );
  }
  return random.weighted(kinds)();
}

function newError(type, message) {
  return type === AggregateError ? new AggregateError([new Error('inner')], message) : new type(message);
}

/** As they are, whatever setters they meet. */
function withFields(target, fields) {
  const descriptors = Object.getOwnPropertyDescriptors(fields);
  for (const key of ['message', 'stack', 'name']) delete descriptors[key];
  return Object.defineProperties(target, descriptors);
}

function randomPrimitive(random, isPlain) {
  return random.weighted([
    [3, () => randomString(random)],
    [2, () => random.between(-200, 200)],
    [2, () => random.pick(NUMBERS)],
    [1, () => random.chance(0.5)],
    [1, () => null],
    [isPlain ? 0 : 1, () => undefined],
    [isPlain ? 0 : 1, () => random.pick(BIGINTS)],
  ])();
}

function randomString(random) {
  if (random.chance(0.6)) return random.pick(STRINGS);
  return random
    .list(random.below(random.chance(0.98) ? 12 : 500), () =>
      String.fromCharCode(random.below(random.chance(0.8) ? 128 : 65_536)),
    )
    .join('');
}

/** The next power of two and less is how a table of V8 grows: these fall into few of its places. */
const COLLIDING = {
  'BigInts with equal low words': (i) => BigInt(i) << 64n,
  'BigInts with equal high words': (i) => (1n << 120n) + BigInt(i),
  'int32 in steps of a power of two': (i) => (i << 12) | 0,
  doubles: (i) => i * 2 ** 33,
  'negative doubles': (i) => -i * 2 ** 40 - 0.5,
  'array indices': (i) => String(i * 65_536),
  texts: (i) => `${i}`,
};

const MAX_COLLIDING = 15_000;

/** A value whose size is in what it costs, not in its bytes: `[what it is, the value]`. */
export function costlyValue(random, scale) {
  const size = Math.floor(scale * (0.2 + random.fraction()));
  const [name, key] = random.pick(Object.entries(COLLIDING));
  // To make more of them here would take minutes.
  const colliding = Math.min(size, MAX_COLLIDING);
  return random.weighted([
    [3, () => [`a Set of ${colliding} ${name}`, new Set(random.list(colliding, key))]],
    [3, () => [`a Map of ${colliding} ${name}`, new Map(random.list(colliding, (i) => [key(i), i]))]],
    [2, () => [`an object of ${size} keys`, Object.fromEntries(random.list(size, (i) => [String(key(i)), i]))]],
    [1, () => [`${size} BigInts`, random.list(size, (i) => BigInt(i))]],
    [1, () => [`${size} buffers`, random.list(size, () => new ArrayBuffer(0))]],
    [1, () => [`${size} empty objects`, random.list(size, () => ({}))]],
    [1, () => [`${size} empty Maps`, random.list(size, () => new Map())]],
    [1, () => [`${size} errors`, random.list(Math.ceil(size / 20), () => new Error('e'))]],
    [1, () => [`${size} typed arrays`, random.list(Math.ceil(size / 4), () => new Uint8Array(1))]],
    [1, () => [`a text of ${size} line breaks`, '\n'.repeat(size)]],
    [2, () => shared(random)],
    [1, () => nested(random)],
    [2, () => regExps(random, size)],
  ])();
}

/** Of as many characters and classes as are constructed in one step. */
function regExps(random, size) {
  const [part, flags, most] = random.pick([
    ['\\p{RGI_Emoji}', 'iv', 4],
    ['\\p{L}', 'iu', 100],
    ['\\W', 'iu', 2_000],
    ['(?<=a)', '', 800],
    ['[^a]', 'v', 1_200],
  ]);
  const count = Math.ceil(size / 2_000);
  const make = (i) => new RegExp(`${i}${part.repeat(most)}`, flags);
  return [`${count} RegExps of ${most} ${part}`, random.list(count, make)];
}

/** Paths double at each level; in one case through Maps, in another through Sets. */
function shared(random) {
  const levels = random.between(10, 60);
  const wrap = random.pick([
    (a) => [a, a],
    (a) => ({ a, b: a }),
    (a) =>
      new Map([
        [1, a],
        [2, a],
      ]),
    (a) => new Map([[a, a]]),
  ]);
  let value = 'leaf';
  for (let i = 0; i < levels; i++) value = wrap(value);
  return [`${levels} levels of shared references`, value];
}

function nested(random) {
  const levels = random.between(900, 990);
  let value = 1;
  for (let i = 0; i < levels; i++) value = random.chance(0.5) ? [value] : { a: value };
  return [`${levels} levels`, value];
}

/** The number of paths through a value, as far as it matters. Objects that occur twice count twice. */
export function countPaths(value, counted = new Map()) {
  if (typeof value !== 'object' || value === null) return 1;
  const known = counted.get(value);
  if (known !== undefined) return known;
  let paths = 1;
  const items =
    value instanceof Map
      ? [...value].flat()
      : value instanceof Set
        ? [...value]
        : ArrayBuffer.isView(value)
          ? []
          : Object.values(value);
  for (const item of items) paths += countPaths(item, counted);
  counted.set(value, paths);
  return paths;
}

/** The place where two values differ, as a path with both sides; undefined if they are equal after the transfer. */
export function difference(expected, actual, path = 'value', compared = new Set()) {
  if (Object.is(expected, actual)) return undefined;
  const there = () => `${path}: ${describeBriefly(expected)}, not ${describeBriefly(actual)}`;
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null)
    return there();
  // By paths it would take forever for shared references.
  if (compared.has(expected)) return undefined;
  compared.add(expected);
  if (Object.prototype.toString.call(expected) !== Object.prototype.toString.call(actual)) return there();
  if (expected instanceof RegExp) return String(expected) === String(actual) ? undefined : there();
  if (expected instanceof Date) return Object.is(expected.getTime(), actual.getTime()) ? undefined : there();
  if (ArrayBuffer.isView(expected) || expected instanceof ArrayBuffer) {
    return Buffer.compare(bytesOf(expected), bytesOf(actual)) === 0 ? undefined : there();
  }
  const parts = [partsOf(expected), partsOf(actual)];
  if (parts[0].length !== parts[1].length) return there();
  for (const [i, [name, item]] of parts[0].entries()) {
    if (parts[1][i][0] !== name) return `${path}: ${name}, not ${parts[1][i][0]}`;
    const inner = difference(item, parts[1][i][1], `${path}.${name}`, compared);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function bytesOf(value) {
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value);
}

/** An error crosses with its name, message and fields. */
function partsOf(value) {
  if (value instanceof Map) return [...value].flat().map((item, i) => [`entry${i}`, item]);
  if (value instanceof Set) return [...value].map((item, i) => [`item${i}`, item]);
  const fields = Object.entries(value);
  return value instanceof Error ? [['name', value.name], ['message', value.message], ...fields] : fields;
}

function describeBriefly(value) {
  return inspect(value, { depth: 1, maxArrayLength: 5, maxStringLength: 60, breakLength: Infinity }).split('\n', 1)[0];
}
