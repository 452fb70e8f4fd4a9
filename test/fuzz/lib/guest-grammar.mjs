// Programs of a guest that looks for a hole: buffers that change under a builtin, proxies, species, hooks, and pressure on the heap.

const PRELUDE = `
const out = []; let fuel = 400;
const note = (v) => { if (out.length < 300) out.push(v); return v; };
const spend = () => { if (--fuel < 0) throw new RangeError('fuel'); };
const pressure = (n) => { spend(); const a = []; for (let i = 0; i < n; i++) a.push(new Array(i % 90).fill(i), 'x'.repeat(i % 300) + i, { i }, new Uint8Array(i % 200)); return a.length; };
const attempt = (f) => { spend(); try { return note(f()); } catch (e) { note(e && e.name); } };
const bufs = [new ArrayBuffer(64), new ArrayBuffer(1024), new ArrayBuffer(16, { maxByteLength: 8192 }), new ArrayBuffer(0, { maxByteLength: 64 })];
const kinds = [Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array];
const views = bufs.flatMap((b) => [new Uint8Array(b), new Float64Array(b, 0), new BigUint64Array(b, 0), new DataView(b)]);
const arrays = [[3, 1, 2], [1.5, , 'x'], Array.from({ length: 100 }, (_, i) => i), [{}, [], null]];
const maps = [new Map([[1, {}], ['k', []]]), new Set([1, 'a', {}]), new WeakMap(), new WeakSet()];
`;

const POSTLUDE = `
const bytes = [];
for (const v of views) { try { bytes.push(v.byteLength, v instanceof DataView ? v.getUint8(0) : new Uint8Array(v.buffer, v.byteOffset, Math.min(v.byteLength, 512)).slice()); } catch (e) { bytes.push(e.name); } }
for (const v of views) { try { for (let i = 0; i < 16; i++) bytes.push(v[i]); } catch (e) { bytes.push(e.name); } }
const safe = (v, d = 0) => { if (typeof v === 'symbol' || typeof v === 'function') return typeof v; if (typeof v === 'string') return v.slice(0, 2000); if (typeof v !== 'object' || v === null) return v;
  if (d > 2) return 'deep'; try { if (ArrayBuffer.isView(v)) return v instanceof DataView ? 'view' : [...v].slice(0, 300); if (Array.isArray(v)) return v.slice(0, 60).map((x) => safe(x, d + 1)); return String(Object.prototype.toString.call(v)); } catch (e) { return e.name; } };
return { out: out.map((v) => safe(v)), bytes };
`;

export class GuestGrammar {
  #random;

  constructor(random) {
    this.#random = random;
  }

  program() {
    const random = this.#random;
    const isAsync = random.chance(0.3);
    const lines = random.list(random.between(2, 14), () => this.#statement(isAsync));
    return [PRELUDE, ...lines, POSTLUDE].join('\n');
  }

  #statement(isAsync) {
    const random = this.#random;
    if (isAsync && random.chance(0.2))
      return `await attempt(() => (async () => { ${this.#action()}; await { then(r) { ${this.#evil()}; r(1); } }; })());`;
    if (random.chance(0.15)) return `${this.#evil()};`;
    if (random.chance(0.1)) return `for (let i = 0; i < ${random.between(2, 12)}; i++) attempt(() => ${this.#call()});`;
    return `attempt(() => ${this.#call()});`;
  }

  #action() {
    return `attempt(() => ${this.#call()})`;
  }

  #buf() {
    return `bufs[${this.#random.below(4)}]`;
  }

  #view() {
    return `views[${this.#random.below(16)}]`;
  }

  #array() {
    const random = this.#random;
    return random.weighted([
      [5, () => `arrays[${random.below(4)}]`],
      [2, () => `new Proxy(arrays[${random.below(4)}], ${this.#handler()})`],
      [1, () => this.#species()],
      [1, () => `{ length: ${this.#hook()}, 0: 1, 1: 2 }`],
      [1, () => this.#view()],
    ])();
  }

  #number() {
    return this.#random.pick([
      '0',
      '1',
      '-1',
      '2',
      '8',
      '63',
      '64',
      '1000',
      '4096',
      '2 ** 31',
      '2 ** 32 - 1',
      '2 ** 53',
      'NaN',
      '-0',
      '0.5',
      'Infinity',
      '7n',
      '-(2n ** 63n)',
    ]);
  }

  /** Something that a builtin converts, and that acts while it does. */
  #hook() {
    const random = this.#random;
    if (random.chance(0.4)) return this.#number();
    const method = random.pick(['valueOf', 'toString', '[Symbol.toPrimitive]']);
    return `{ ${method}() { spend(); ${this.#evil()}; return ${this.#number()}; } }`;
  }

  /** What may not happen in the middle of a builtin. */
  #evil() {
    const random = this.#random;
    return random.weighted([
      [3, () => `attempt(() => ${this.#buf()}.resize(${this.#number()}))`],
      [
        3,
        () =>
          `attempt(() => { const i = ${random.below(4)}; bufs[i] = bufs[i].${random.pick(['transfer', 'transferToFixedLength'])}(${random.chance(0.5) ? this.#number() : ''}); return 0; })`,
      ],
      [1, () => `attempt(() => structuredClone(${this.#buf()}, { transfer: [${this.#buf()}] }).byteLength)`],
      [3, () => `pressure(${random.between(1, 60)})`],
      [2, () => `arrays[${random.below(4)}].length = ${random.pick(['0', '1', '5000'])}`],
      [1, () => `arrays[${random.below(4)}].push(${this.#number()}, {})`],
      [1, () => `arrays[${random.below(4)}] = [${this.#number()}]`],
      [1, () => `${random.pick(['maps[0]', 'maps[1]'])}.clear()`],
      [
        1,
        () =>
          `Object.defineProperty(arrays[${random.below(4)}], ${random.below(4)}, { get() { spend(); return 1; }, configurable: true })`,
      ],
      [1, () => `views[${random.below(16)}] = new kinds[${random.below(11)}](${this.#buf()})`],
    ])();
  }

  #callback() {
    const random = this.#random;
    return `(a, b) => { spend(); ${random.chance(0.6) ? this.#evil() : ''}; return ${random.pick(['a - b', 'true', 'false', 'a', '[a, b]', '0', 'b', '({})', '-1'])}; }`;
  }

  #handler() {
    const random = this.#random;
    const trap = random.pick([
      () =>
        `get(t, k, r) { spend(); if (k === 'length') { ${this.#evil()}; return ${this.#number()}; } return Reflect.get(t, k, r); }`,
      () =>
        `ownKeys(t) { spend(); ${this.#evil()}; return ${random.pick(['Reflect.ownKeys(t)', '[]', "['a', 'a']", '5', '{ length: 2 ** 32 }', '{ length: 3, 0: "x", 1: "y" }', '{ length: -1 }'])}; }`,
      () => `has(t, k) { spend(); ${this.#evil()}; return true; }`,
      () => `set(t, k, v, r) { spend(); ${this.#evil()}; return Reflect.set(t, k, v, r); }`,
      () => `getPrototypeOf(t) { spend(); ${this.#evil()}; return Array.prototype; }`,
      () => `defineProperty(t, k, d) { spend(); ${this.#evil()}; return Reflect.defineProperty(t, k, d); }`,
      () => `deleteProperty(t, k) { spend(); ${this.#evil()}; return Reflect.deleteProperty(t, k); }`,
      () =>
        `getOwnPropertyDescriptor(t, k) { spend(); ${this.#evil()}; return { value: 1, configurable: true, enumerable: true, writable: true }; }`,
    ])();
    return `{ ${trap} }`;
  }

  #species() {
    const target = this.#random.pick([this.#view(), `arrays[${this.#random.below(4)}]`]);
    const made = this.#random.pick([
      `new kinds[${this.#random.below(11)}](${this.#buf()})`,
      'arrays[0]',
      '{}',
      `new Uint8Array(2)`,
      `views[${this.#random.below(16)}]`,
    ]);
    return `Object.defineProperty(${target}, 'constructor', { configurable: true, value: { [Symbol.species]: function () { spend(); ${this.#evil()}; return ${made}; } } })`;
  }

  #iterable() {
    const random = this.#random;
    return `{ [Symbol.iterator]() { let n = 0; return { next() { spend(); ${this.#evil()}; return { done: n++ > ${random.below(6)}, value: ${this.#hook()} }; }, return() { ${this.#evil()}; return ${random.pick(['{}', '1'])}; } }; } }`;
  }

  #call() {
    const random = this.#random;
    const h = () => this.#hook();
    const v = this.#view();
    const cb = () => this.#callback();
    return random.weighted([
      [
        8,
        () =>
          `${v}.${random.pick(['fill', 'copyWithin', 'subarray', 'slice', 'with', 'indexOf', 'lastIndexOf', 'includes', 'at'])}(${h()}, ${h()}, ${h()})`,
      ],
      [4, () => `${v}.set(${random.pick([this.#view(), this.#array(), this.#iterable()])}, ${h()})`],
      [
        5,
        () =>
          `${v}.${random.pick(['sort', 'toSorted', 'map', 'filter', 'find', 'findLastIndex', 'forEach', 'some', 'every', 'reduce', 'reduceRight'])}(${cb()})`,
      ],
      [
        2,
        () =>
          `[${random.pick(['Array', 'kinds[0]', 'kinds[8]'])}].map((C) => C.${random.pick(['from', 'of'])}(${this.#iterable()}, ${cb()}))`,
      ],
      [
        4,
        () =>
          `new kinds[${random.below(11)}](${random.pick([this.#buf(), this.#array(), this.#iterable(), h()])}, ${h()}, ${h()})`,
      ],
      [
        3,
        () =>
          `new DataView(${this.#buf()}, ${h()}, ${h()}).${random.pick(['getFloat64', 'getBigUint64', 'getUint8', 'setInt32', 'setFloat32'])}(${h()}, ${h()})`,
      ],
      [2, () => `${this.#buf()}.slice(${h()}, ${h()})`],
      [
        6,
        () =>
          `Array.prototype.${random.pick(['splice', 'toSpliced', 'slice', 'fill', 'copyWithin', 'concat', 'indexOf', 'includes', 'lastIndexOf', 'with', 'at', 'flat', 'unshift', 'push'])}.call(${this.#array()}, ${h()}, ${h()}, ${this.#array()})`,
      ],
      [
        4,
        () =>
          `Array.prototype.${random.pick(['sort', 'toSorted', 'map', 'filter', 'flatMap', 'forEach', 'reduce', 'findLast', 'every'])}.call(${this.#array()}, ${cb()})`,
      ],
      [
        2,
        () =>
          `Array.prototype.${random.pick(['toReversed', 'reverse', 'shift', 'pop', 'join', 'keys', 'entries'])}.call(${this.#array()})`,
      ],
      [2, () => `[...${random.pick([this.#iterable(), this.#array()])}].length`],
      [2, () => `maps[${random.below(2)}].forEach(${cb()})`],
      [1, () => `JSON.stringify({ a: ${this.#array()}, toJSON() { ${this.#evil()}; return this.a; } })`],
      [
        1,
        () =>
          `JSON.parse('{"a":[1,2,{"b":3}]}', function (k, x) { spend(); ${this.#evil()}; this.a = ${this.#array()}; return x; })`,
      ],
      [
        2,
        () =>
          `Object.${random.pick(['keys', 'entries', 'getOwnPropertyDescriptors', 'assign', 'freeze', 'fromEntries', 'groupBy'])}(new Proxy({ a: 1, b: 2 }, ${this.#handler()}), ${cb()})`,
      ],
      [
        2,
        () =>
          `Reflect.construct(${random.pick(['Uint8Array', 'ArrayBuffer', 'Array', 'Map', 'Date'])}, [${h()}], new Proxy(function () {}, ${this.#handler()}))`,
      ],
      [1, () => `'aXbXc'.replace(/X/${random.pick(['g', 'gy', ''])}, ${cb()})`],
      [
        1,
        () =>
          `/(?<a>a+)(b)?/${random.pick(['g', 'y', 'd', 'u', 'v'])}[Symbol.${random.pick(['replace', 'split', 'match', 'search'])}]('aab', ${h()})`,
      ],
      [1, () => `Object.assign(/a/g, { lastIndex: ${h()} }).exec('xaxa')`],
      [
        1,
        () =>
          `String.prototype.${random.pick(['padStart', 'repeat', 'slice', 'substring', 'indexOf', 'at', 'normalize', 'split'])}.call('abcé', ${random.chance(0.8) ? random.below(300) : '-1'}, ${h()})`,
      ],
      [1, () => `((...a) => { ${this.#evil()}; return a.length; })(...${this.#array()})`],
      [1, () => `(function () { arguments[0] = ${h()}; ${this.#evil()}; return [...arguments].length; })(1, ${h()})`],
      [
        1,
        () =>
          `(() => { function* g() { try { yield ${h()}; ${this.#evil()}; yield* ${this.#iterable()}; } finally { ${this.#evil()}; } } const i = g(); i.next(); return i.${random.pick(['return', 'throw', 'next'])}(1); })()`,
      ],
      [1, () => `(() => { const [a, { b = ${h()} } = {}, ...c] = ${this.#iterable()}; return c.length; })()`],
      [
        1,
        () =>
          `(${random.pick(['2n ** 300n', '-(2n ** 64n)', '7n'])} ${random.pick(['+', '*', '/', '%', '<<', '>>', '&', '**'])} ${random.pick(['3n', '64n', '2n ** 70n'])}).toString(${random.pick(['2', '16', '36'])}).slice(0, 50)`,
      ],
      [1, () => `(${this.#iterable()})[Symbol.iterator]().next().value + ${h()}`],
      [
        1,
        () =>
          `Iterator.from(${this.#iterable()}).${random.pick(['map', 'filter', 'flatMap', 'take', 'drop', 'some'])}(${random.chance(0.5) ? cb() : h()})`,
      ],
      [
        1,
        () =>
          `new Set([1, 2]).${random.pick(['union', 'intersection', 'isSubsetOf', 'symmetricDifference'])}({ size: ${h()}, has: ${cb()}, keys() { ${this.#evil()}; return ${this.#iterable()}[Symbol.iterator](); } })`,
      ],
      [0.5, () => `Error.call(null, ${h()}, { cause: new Proxy({}, ${this.#handler()}) }).stack`],
    ])();
  }
}
