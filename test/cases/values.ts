/** A value that a handler makes, and what comes of it on its way out. */
export interface LeavingCase {
  readonly name: string;
  readonly expression: string;
  /** What the host gets. */
  readonly value?: unknown;
  /** What the error calls it, when it cannot leave. */
  readonly refused?: string;
}

/** A value that the application passes. */
export interface EnteringCase {
  readonly name: string;
  readonly value: unknown;
  /** What the handler says of it, as `$args`. */
  readonly check: string;
  readonly seen: unknown;
  /** What it is when it comes back. Default: the value */
  readonly back?: unknown;
}

/** TypeScript takes the flag in a literal only for later targets. */
const SET = '[[a-z]--b]';
const ITERATOR = 'an iterator';

export const LEAVING: readonly LeavingCase[] = [
  // Nothing of these could be read by the host.
  { name: 'the keys of a Map', expression: 'new Map([[1, 2]]).keys()', refused: ITERATOR },
  { name: 'the entries of a Set', expression: 'new Set([1]).entries()', refused: ITERATOR },
  { name: 'an iterator of an array', expression: '[1][Symbol.iterator]()', refused: ITERATOR },
  { name: 'an iterator of a text', expression: "'ab'[Symbol.iterator]()", refused: ITERATOR },
  { name: 'an iterator helper', expression: '[1].values().map((n) => n)', refused: ITERATOR },
  { name: 'a wrapped iterator', expression: 'Iterator.from({ next: () => ({ done: true }) })', refused: ITERATOR },
  { name: 'what matchAll returns', expression: "'a'.matchAll(/a/g)", refused: ITERATOR },
  { name: 'an iterator of a class', expression: 'new (class extends Iterator { n = 1 })()', refused: ITERATOR },
  { name: 'a generator', expression: '(function* () { yield 1 })()', refused: ITERATOR },
  { name: 'an async generator', expression: '(async function* () { yield 1 })()', refused: 'an async iterator' },
  { name: 'a URL', expression: "new URL('https://a.b/c')", refused: 'a URL' },
  { name: 'a URL of a class', expression: "new (class extends URL {})('https://a.b')", refused: 'a URL' },
  { name: 'a URLSearchParams', expression: "new URLSearchParams('a=1')", refused: 'a URLSearchParams' },
  { name: 'the query of a URL', expression: "new URL('https://a.b/?c').searchParams", refused: 'a URLSearchParams' },
  { name: 'a WeakMap', expression: 'new WeakMap()', refused: 'a WeakMap' },
  { name: 'a WeakSet', expression: 'new WeakSet()', refused: 'a WeakSet' },
  { name: 'a WeakRef', expression: 'new WeakRef({})', refused: 'a WeakRef' },
  {
    name: 'a FinalizationRegistry',
    expression: 'new FinalizationRegistry(() => {})',
    refused: 'a FinalizationRegistry',
  },
  { name: 'a promise', expression: 'Promise.resolve(1)', refused: 'a promise' },
  { name: 'a promise of a class', expression: 'new (class extends Promise {})(() => {})', refused: 'a promise' },
  { name: 'an object with a method then', expression: '{ then() {} }', refused: 'a function' },
  { name: 'a DataView', expression: 'new DataView(new ArrayBuffer(1))', refused: 'a DataView' },
  { name: 'a symbol in a box', expression: 'Object(Symbol())', refused: 'a symbol' },
  { name: 'a TextDecoder', expression: 'new TextDecoder()', refused: 'a TextDecoder' },
  { name: 'a TextEncoder', expression: 'new TextEncoder()', refused: 'a TextEncoder' },
  { name: 'crypto', expression: 'crypto', refused: 'crypto' },
  { name: 'a DisposableStack', expression: 'new DisposableStack()', refused: 'a DisposableStack' },
  { name: 'all extensions', expression: '$ext', refused: 'an extension' },
  { name: 'an extension', expression: '$ext.a', refused: 'an extension' },
  { name: 'a proxy of a Map', expression: 'new Proxy(new Map([[1, 2]]), {})', refused: 'a proxy' },
  { name: 'a proxy of a Date', expression: 'new Proxy(new Date(), {})', refused: 'a proxy' },
  { name: 'a proxy of bytes', expression: 'new Proxy(new Uint8Array(2), {})', refused: 'a proxy' },
  { name: 'a proxy of no bytes', expression: 'new Proxy(new Uint8Array(0), {})', refused: 'a proxy' },
  { name: 'a proxy of a RegExp', expression: 'new Proxy(/x/, {})', refused: 'a proxy' },
  { name: 'a proxy of a text in a box', expression: "new Proxy(new String('ab'), {})", refused: 'a proxy' },
  { name: 'a proxy of a URL', expression: "new Proxy(new URL('https://a.b'), {})", refused: 'a URL' },
  { name: 'a proxy of a promise', expression: 'new Proxy(Promise.resolve(), {})', refused: 'a promise' },
  { name: 'a proxy of an iterator', expression: 'new Proxy([].values(), {})', refused: ITERATOR },

  { name: 'a RegExp', expression: '/a(?<b>c)\\/\\n/dgimsuy', value: /a(?<b>c)\/\n/dgimsuy },
  { name: 'a RegExp with sets', expression: '/[[a-z]--b]/v', value: new RegExp(SET, 'v') },
  { name: 'a RegExp of nothing', expression: "new RegExp('')", value: /(?:)/ },
  { name: 'a RegExp of slashes', expression: "new RegExp('/\\n')", value: /\/\n/ },
  { name: 'a RegExp of a class', expression: "new (class extends RegExp {})('x', 'g')", value: /x/g },
  {
    name: 'a RegExp that is somewhere in its text',
    expression: "(() => { const r = /a/g; r.exec('aa'); return r })()",
    value: /a/g,
  },
  {
    name: 'a RegExp whose source and flags are said to be others',
    expression:
      "Object.defineProperties(/a/g, { source: { value: '(' }, flags: { value: 'zz' }, global: { value: false } })",
    value: /a/g,
  },
  { name: 'a RegExp that is the key of a Map', expression: 'new Map([[/k/, /v/]])', value: new Map([[/k/, /v/]]) },
  { name: 'a RegExp twice', expression: '((r) => [r, r])(/x/)', value: [/x/, /x/] },

  { name: 'an accessor', expression: '{ get x() { return 5 } }', value: { x: 5 } },
  { name: 'an accessor of an array', expression: 'Object.defineProperty([1], 0, { get: () => 7 })', value: [7] },
  { name: 'an accessor of a class', expression: 'new (class { y = 1; get x() { return 5 } })()', value: { y: 1 } },
  {
    name: 'an accessor inside a Map',
    expression: 'new Map([[1, { get x() { return [/x/] } }]])',
    value: new Map([[1, { x: [/x/] }]]),
  },
  {
    name: 'an accessor of what cannot leave',
    expression: '{ get x() { return new Map().keys() } }',
    refused: ITERATOR,
  },
  { name: 'a proxy of a plain object', expression: 'new Proxy({ a: 1 }, {})', value: { a: 1 } },
  { name: 'a proxy of an array', expression: 'new Proxy([1, 2], {})', value: [1, 2] },

  // Documented: what an array crosses as is its items.
  { name: 'holes of an array', expression: '[1, , 3, ,]', value: [1, undefined, 3, undefined] },
  { name: 'what match returns', expression: "'xab'.match(/a(?<n>b)/)", value: ['ab', 'b'] },
  {
    name: 'the groups of what match returns',
    expression: "{ ...'xab'.match(/a(?<n>b)/).groups }",
    value: { n: 'b' },
  },
  // Documented: an instance of a class is its own enumerable properties.
  { name: 'an instance of a class', expression: 'new (class { a = 1; #b = 2; c() {} })()', value: { a: 1 } },
  {
    name: 'what inherits from Map and is none',
    expression: 'Object.create(Map.prototype, { a: { value: 1, enumerable: true } })',
    value: { a: 1 },
  },
  { name: 'arguments', expression: '(function () { return arguments })(1, 2)', value: { 0: 1, 1: 2 } },
];

const aggregate = new AggregateError([new TypeError('first'), 'second'], 'all of it');

export const ENTERING: readonly EnteringCase[] = [
  { name: 'bytes', value: new Uint8Array([65, 66]), check: 'it instanceof Uint8Array && [...it]', seen: [65, 66] },
  {
    name: 'a Buffer',
    value: Buffer.from('AB'),
    check: 'it.constructor === Uint8Array && [...it]',
    seen: [65, 66],
    back: new Uint8Array([65, 66]),
  },
  {
    name: 'bytes that are MessagePack of a map',
    value: new Uint8Array([0x81, 0xa1, 0x61, 0x02]),
    check: 'it.length',
    seen: 4,
  },
  { name: 'an ArrayBuffer', value: new Uint8Array([1]).buffer, check: 'it.byteLength', seen: 1 },
  {
    name: 'a RegExp',
    value: /a(?<b>c)\/\n/giu,
    check: "[it instanceof RegExp, it.source, it.flags, it.lastIndex, 'AC/\\n'.match(it)]",
    seen: [true, 'a(?<b>c)\\/\\n', 'giu', 0, ['AC/\n']],
  },
  { name: 'a RegExp in a Map', value: new Map([['r', /x/y]]), check: "it.get('r').flags", seen: 'y' },
  {
    name: 'an AggregateError',
    value: aggregate,
    check:
      '[it instanceof AggregateError, it.name, it.message, it.errors.length, it.errors[0] instanceof TypeError, Object.keys(it)]',
    seen: [true, 'AggregateError', 'all of it', 2, true, []],
  },
  {
    name: 'holes',
    value: Object.assign(new Array(3), { 1: 'x' }),
    check: '[it.length, 0 in it]',
    seen: [3, true],
    back: [undefined, 'x', undefined],
  },
];
