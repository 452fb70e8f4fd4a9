/**
 * Programs that detach or shrink a buffer between the moment at which the engine checks its bounds and the
 * one at which it uses them. Each is the body of a function with `buffer`, 96 bytes of {@link OWN};
 * `lose(buffer)`, which tries everything that could detach it; and `hook(value)`, an object that does so when
 * it is converted to a primitive. It returns the views and buffers that it obtained.
 */
export interface Window {
  readonly title: string;
  readonly body: string;
}

const CONSTRUCTORS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float32Array',
  'Float64Array',
  'Float16Array',
  'DataView',
];

/** The prototype of the new object is asked for after the bounds were checked. */
const constructors: Window[] = CONSTRUCTORS.flatMap((name) => [
  {
    title: `${name}: a new target that loses the buffer when it is asked for a prototype`,
    body: `const target = new Proxy(${name}, { get(t, k) { if (k === 'prototype') lose(buffer); return t[k]; } });
      return [Reflect.construct(${name}, [buffer, 0, 96 / (${name}.BYTES_PER_ELEMENT ?? 1)], target)];`,
  },
  {
    title: `${name}: an offset and a length that lose the buffer when they are made numbers`,
    body: `return [new ${name}(buffer, hook(0), hook(96 / (${name}.BYTES_PER_ELEMENT ?? 1)))];`,
  },
]);

const bound = `const target = function () {}.bind(); Object.defineProperty(target, 'prototype', { get() { lose(buffer); return Uint8Array.prototype; } });`;

const construction: Window[] = [
  {
    title: 'a bound function as new target, with a getter for its prototype',
    body: `${bound} return [Reflect.construct(Uint8Array, [buffer, 0, 96], target)];`,
  },
  {
    title: 'a class over Uint8Array whose prototype is a getter of a proxy',
    body: `class Mine extends Uint8Array {}
      const target = new Proxy(Mine, { get(t, k, r) { if (k === 'prototype') lose(buffer); return Reflect.get(t, k, r); } });
      return [Reflect.construct(Mine, [buffer], target)];`,
  },
  {
    title: 'a constructor that loses its buffer before super',
    body: `class Mine extends Uint8Array { constructor(b) { super(b, (lose(b), 0), 96); lose(b); } } return [new Mine(buffer)];`,
  },
  {
    title: 'a view made of a view whose buffer the new target loses',
    body: `const view = new Uint16Array(buffer);
      const target = new Proxy(Uint8Array, { get(t, k) { if (k === 'prototype') lose(buffer); return t[k]; } });
      return [Reflect.construct(Uint8Array, [view], target), view];`,
  },
  {
    title: 'a view made of an object that loses the buffer while it is iterated',
    body: `const view = new Uint8Array(buffer);
      return [new Uint8Array({ *[Symbol.iterator]() { for (const b of view) { lose(buffer); yield b; } } }), view];`,
  },
  {
    title: 'a view made of an array-like whose length loses the buffer',
    body: `const view = new Uint8Array(buffer);
      return [new Uint8Array({ length: hook(96), get 0() { lose(buffer); return view[95]; } }), view];`,
  },
  {
    title: 'a buffer that knows a greater length, tracked by a view',
    body: `const own = new ArrayBuffer(96, { maxByteLength: 4096 }); new Uint8Array(own).fill(OWN);
      const tracking = new Uint8Array(own), fixed = new Uint8Array(own, 48, 48), data = new DataView(own);
      lose(own); return [tracking, fixed, data, own];`,
  },
  {
    title: 'an ArrayBuffer whose length is made a number by an object that loses another',
    body: `const view = new Uint8Array(buffer); return [new ArrayBuffer(hook(96)), view];`,
  },
  {
    title: 'a subclass of ArrayBuffer with its own transfer',
    body: `class Mine extends ArrayBuffer { transfer(n) { return super.transfer(n); } }
      const own = new Mine(96), view = new Uint8Array(own); view.fill(OWN); own.transfer(0); own.transferToFixedLength(1); lose(own); return [view, own];`,
  },
];

/** Bodies that have `view`, a Uint8Array over all of the buffer. */
const method = (title: string, body: string): Window => ({
  title,
  body: `const view = new Uint8Array(buffer); ${body}`,
});

const species = `class Mine extends Uint8Array { static get [Symbol.species]() { lose(buffer); return function (...args) { lose(buffer); return new Uint8Array(...args); }; } }
  const mine = new Mine(buffer);`;

const methods: Window[] = [
  method('fill: its value', 'view.fill(hook(7)); return [view];'),
  method('fill: its start and end', 'view.fill(7, hook(0), hook(96)); return [view];'),
  method('copyWithin: its arguments', 'view.copyWithin(hook(1), hook(48), hook(96)); return [view];'),
  method('set: its offset', 'view.set([7, 7], hook(94)); return [view];'),
  method('set: items that lose the buffer', 'view.set([7, hook(7), 7]); return [view];'),
  method('set: from a view on the same buffer', 'view.set(new Uint16Array(buffer, 0, 48), hook(0)); return [view];'),
  method('set: an array-like whose length loses the buffer', 'view.set({ length: hook(3), 0: 7 }); return [view];'),
  method('slice: its start and end', 'return [view.slice(hook(0), hook(96)), view];'),
  method('slice: a species that loses the buffer', `${species} return [mine.slice(0, 96), mine];`),
  method('subarray: its start and end', 'return [view.subarray(hook(0), hook(96)), view];'),
  method('subarray: a species that loses the buffer', `${species} return [mine.subarray(1, 96), mine];`),
  method(
    'map: a species and a callback that lose the buffer',
    `${species} return [mine.map((x) => (lose(buffer), x)), mine];`,
  ),
  method(
    'filter: a species and a callback that lose the buffer',
    `${species} return [mine.filter(() => (lose(buffer), true)), mine];`,
  ),
  method('sort: a comparator', 'view.sort((a, b) => { lose(buffer); return a - b; }); return [view];'),
  method(
    'sort: a comparator late in the sort',
    'let n = 0; view.sort((a, b) => { if (++n === 60) lose(buffer); return b - a; }); return [view];',
  ),
  method('toSorted: a comparator', 'return [view.toSorted((a, b) => { lose(buffer); return a - b; }), view];'),
  method('with: its index and value', 'return [view.with(hook(95), hook(7)), view];'),
  method('toReversed, after it was lost', 'lose(buffer); return [view.toReversed(), view];'),
  method('lastIndexOf: its index', 'view.lastIndexOf(7, hook(95)); return [view];'),
  method(
    'indexOf and includes: their index',
    'view.indexOf(7, hook(0)); view.includes(undefined, hook(0)); return [view];',
  ),
  method('at: its index', 'view.at(hook(95)); return [view];'),
  method('join: its separator', 'view.join(hook("-")); return [view];'),
  method(
    'toLocaleString: of its items',
    `const kept = Number.prototype.toLocaleString; Number.prototype.toLocaleString = function () { lose(buffer); return "x"; };
    try { view.toLocaleString(); } finally { Number.prototype.toLocaleString = kept; } return [view];`,
  ),
  method(
    'reduce, forEach, every, find: callbacks',
    `view.reduce((a, b) => (lose(buffer), a + b), 0); view.forEach(() => lose(buffer));
    view.every(() => (lose(buffer), true)); view.findLast(() => (lose(buffer), false)); return [view];`,
  ),
  method(
    'an iterator over it',
    'const got = []; for (const b of view) { lose(buffer); got.push(b); } return [Uint8Array.from(got), view];',
  ),
  method(
    'entries, spread and destructured',
    'const it = view.entries(); it.next(); lose(buffer); const [first, ...rest] = view; return [Uint8Array.from([...it].map(([, b]) => b)), Uint8Array.from(rest), view];',
  ),
  method('Uint8Array.from: a map function', 'return [Uint8Array.from(view, (b) => (lose(buffer), b)), view];'),
  method(
    'Uint8Array.from.call: a constructor that loses it',
    'return [Uint8Array.from.call(function (n) { lose(buffer); return new Uint8Array(buffer, 0, n); }, [7, 7, 7]), view];',
  ),
  method(
    'Uint8Array.of.call: a constructor that loses it',
    'return [Uint8Array.of.call(function (n) { const v = new Uint8Array(buffer, 0, n); lose(buffer); return v; }, 7, 7), view];',
  ),
  method('an item assigned', 'view[95] = hook(7); return [view];'),
  method('an item defined', 'Reflect.defineProperty(view, 95, { value: hook(7) }); return [view];'),
  method('an item set with another receiver', 'Reflect.set(view, 95, hook(7), new Proxy(view, {})); return [view];'),
  method(
    'a BigInt item assigned',
    'const big = new BigInt64Array(buffer); big[11] = { valueOf() { lose(buffer); return 7n; } }; return [big, view];',
  ),
  method(
    'BigInt64Array.fill: its value',
    'const big = new BigUint64Array(buffer); big.fill({ valueOf() { lose(buffer); return 7n; } }); return [big, view];',
  ),
  method(
    'DataView: the offset of a get',
    'const data = new DataView(buffer); data.getFloat64(hook(88)); data.getBigInt64(hook(88), true); return [data, view];',
  ),
  method(
    'DataView: the value of a set',
    'const data = new DataView(buffer); data.setUint32(hook(92), hook(7)); data.setFloat64(88, hook(7)); data.setBigInt64(88, { valueOf() { lose(buffer); return 7n; } }); return [data, view];',
  ),
  method('ArrayBuffer.slice: its start and end', 'return [buffer.slice(hook(0), hook(96)), view];'),
  method(
    'ArrayBuffer.slice: a species that loses it',
    `buffer.constructor = { [Symbol.species]: function (n) { lose(buffer); return new ArrayBuffer(n); } };
    return [buffer.slice(0, 96), view];`,
  ),
  method(
    'ArrayBuffer.slice: a species that returns a smaller one',
    `buffer.constructor = { [Symbol.species]: function () { return new ArrayBuffer(1); } };
    try { return [buffer.slice(0, 96), view]; } catch { return [view]; }`,
  ),
  method(
    'transfer: its new length',
    'return [buffer.transfer(hook(48)), buffer.transferToFixedLength(hook(48)), view];',
  ),
  method(
    'transfer to much, and to nothing',
    'return [buffer.transfer(4096), buffer.transfer(0), buffer.transferToFixedLength(1), view];',
  ),
  method(
    'Array.from and concat of a view',
    'const a = Array.from(view, (b) => (lose(buffer), b)); return [Uint8Array.from(a.concat([...view])), view];',
  ),
  method(
    'Array methods on a view',
    'Array.prototype.reverse.call(view); Array.prototype.fill.call(view, hook(7)); Array.prototype.copyWithin.call(view, 1, hook(0)); lose(buffer); return [Uint8Array.from(Array.prototype.toSpliced.call(view, 0, 1)), view];',
  ),
  method(
    'Object.freeze, keys and descriptors',
    'try { Object.freeze(view); } catch {} lose(buffer); Object.keys(view); Object.getOwnPropertyDescriptors(view); return [view];',
  ),
  method(
    'JSON: a reviver and a replacer',
    `JSON.parse("[1,2]", (k, v) => (lose(buffer), v)); JSON.stringify({ a: view, toJSON() { lose(buffer); return this.a; } }, (k, v) => (lose(buffer), v)); return [view];`,
  ),
  method(
    'String.raw, apply and spread of a view',
    'String.fromCharCode.apply(null, view); Math.max(...view); Reflect.apply(Math.max, null, new Proxy(view, { get(t, k) { lose(buffer); return t[k]; } })); return [view];',
  ),
  method('a regular expression’s lastIndex', 'const r = /a/g; r.lastIndex = hook(0); r.test("aaa"); return [view];'),
  method(
    'a generator that keeps a view',
    'function* g() { for (const b of view) { lose(yield b); } } const it = g(); it.next(); it.next(buffer); return [Uint8Array.from([...it]), view];',
  ),
  method(
    'structuredClone with transfer',
    'const copy = structuredClone({ buffer, view }, { transfer: [buffer] }); return [copy.buffer, copy.view, view];',
  ),
  method(
    'structuredClone with an iterable that loses it',
    'const copy = structuredClone([view], { transfer: { *[Symbol.iterator]() { lose(buffer); yield buffer; } } }); return [copy[0], view];',
  ),
  method(
    'TextEncoder.encodeInto',
    'new TextEncoder().encodeInto({ toString() { lose(buffer); return "aa"; } }, view); return [view];',
  ),
  method(
    'TextDecoder.decode',
    'new TextDecoder().decode(view, { get stream() { lose(buffer); return false; } }); return [view];',
  ),
  method(
    'crypto.getRandomValues of an empty part',
    'crypto.getRandomValues(view.subarray(0, 0)); lose(buffer); return [view];',
  ),
  method(
    'atob and base64 of it',
    'btoa(String.fromCharCode(...view)); lose(buffer); return [Uint8Array.from(atob("BwcH"), (c) => c.charCodeAt(0)), view];',
  ),
  method(
    'a view in a Map, sorted by what it holds',
    'const m = new Map([[view, 1]]); [3, 2, 1].sort(() => (lose(buffer), 0)); return [[...m.keys()][0]];',
  ),
];

export const WINDOWS: readonly Window[] = [...constructors, ...construction, ...methods];

/** The byte that fills the buffer of a window, the one that fills its neighbours, and the one written through every view. */
export const OWN = 0x5a;
const BESIDE = 0xc3;
export const WRITTEN = 0xa7;

/**
 * The body of a function that opens a window, reads everything that is visible through it, and writes through
 * it. It returns the problems: none, if every byte read is the program's own and no other buffer changed.
 */
export function probe({ body }: Window): string {
  return `
    const OWN = ${OWN}, ALLOWED = new Set([OWN, 0, 1, 2, 7, 120, 97]), wrong = [];
    const beside = [];
    for (let i = 0; i < 24; i++) beside.push(new Uint8Array(64 + 8 * i).fill(${BESIDE}));
    const buffer = new ArrayBuffer(96);
    new Uint8Array(buffer).fill(OWN);
    for (let i = 0; i < 24; i++) beside.push(new Uint8Array(96).fill(${BESIDE}));
    const ways = [
      (b) => b.transfer(0), (b) => b.transfer(), (b) => b.transferToFixedLength(0), (b) => b.resize(0),
      (b) => ArrayBuffer.prototype.transfer.call(b, 0), (b) => Reflect.apply(ArrayBuffer.prototype.resize, b, [0]),
      (b) => SharedArrayBuffer.prototype.grow.call(b, 0), (b) => structuredClone(b, { transfer: [b] }),
      (b) => { const it = Object.getOwnPropertyNames(ArrayBuffer.prototype); for (const k of it) { const f = ArrayBuffer.prototype[k]; if (typeof f === 'function' && k !== 'constructor') f.call(b, 0); } },
    ];
    const kept = [];
    const lose = (b) => {
      for (const way of ways) { try { way(b); } catch {} }
      // What was freed is taken, and shows in what is seen.
      if (kept.length < 40) kept.push(new Uint8Array(96).fill(0x3c), { a: 1, b: [2] });
    };
    const hook = (value) => ({ valueOf() { lose(buffer); return value; }, toString() { lose(buffer); return String(value); } });
    let seen = [];
    try { seen = (() => { ${body} })(); } catch (error) { if (!(error instanceof Error)) throw error; }
    const looks = seen.map((it) => {
      const view = it instanceof ArrayBuffer ? new Uint8Array(it) : it;
      const extent = view instanceof DataView ? view.byteLength : view.length * view.BYTES_PER_ELEMENT;
      if (extent > 0 && view.byteOffset + extent > view.buffer.byteLength) wrong.push('longer than its buffer');
      if (view instanceof DataView) {
        return { length: view.byteLength, read: (i) => [view.getUint8(i)], write: (i) => view.setUint8(i, ${WRITTEN}) };
      }
      const one = new view.constructor(1), bytes = new Uint8Array(one.buffer);
      return {
        length: view.length,
        read: (i) => { one[0] = view[i]; return bytes; },
        write: (i) => {
          bytes.fill(${WRITTEN});
          view[i] = one[0];
          if (i >= view.length && view[i] !== undefined && wrong.length < 5) wrong.push('an item behind its end');
        },
      };
    });
    for (const { length, read } of looks) {
      for (let i = 0; i < length && wrong.length < 5; i++) for (const b of read(i)) if (!ALLOWED.has(b)) wrong.push('read ' + b);
    }
    for (const { length, write } of looks) for (let i = 0; i < Math.max(length, 96); i++) { try { write(i); } catch {} }
    for (const other of beside) if (!other.every((b) => b === ${BESIDE})) { wrong.push('another buffer changed'); break; }
    for (const other of kept) if (other instanceof Uint8Array && !other.every((b) => b === 0x3c)) { wrong.push('a later buffer changed'); break; }
    return wrong;
  `;
}
