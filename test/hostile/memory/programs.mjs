// Programs that fill everything they can reach with a pattern. Their results do not matter, and neither does whether
// the engine allows it: afterwards, no part of the pattern may remain. Each is the body of a function with `M`,
// `bytes` and `fill`; `keep` holds its argument.

/** Sixteen characters that occur nowhere else. */
export const MARKER = 'NxLeakMarker#@!~';

export const PROLOGUE = `
const M = ${JSON.stringify(MARKER)}, bytes = Array.from(M, (c) => c.charCodeAt(0));
const keep = (...values) => { (globalThis.kept ??= []).push(...values); return values[0]; };
/** Fills a whole buffer or view with the pattern. */
const fill = (target) => {
  const view = target instanceof ArrayBuffer ? new Uint8Array(target) : new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  for (let i = 0; i < view.length; i++) view[i] = bytes[i & 15];
  return keep(target);
};
const attempt = (run) => { try { return run(); } catch {} };
const KB = 1024;
`;

const ARRAYS =
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array'.split(
    ' ',
  );

/** Operations on a typed array of each kind, \`A\`, by name. */
const WITH_ARRAYS = {
  'filled byte by byte': 'fill(new A(8 * KB))',
  'at an odd place of a buffer': 'fill(new A(new ArrayBuffer(64 * KB), 8, 512))',
  'copied with slice, set and subarray':
    'const a = fill(new A(4 * KB)); keep(a.slice(3), a.subarray(5)); const b = new A(5 * KB); b.set(a, 9); keep(b)',
  'moved with copyWithin':
    'const a = new A(4 * KB); fill(a.subarray(0, 64)); for (let i = 64; i < a.length; i += 64) a.copyWithin(i, 0, 64); keep(a)',
  'made by map of a subclass whose species is another': `
    class S extends A { static get [Symbol.species]() { return function (n) { return fill(new A(n + 64)); }; } }
    attempt(() => keep(fill(new S(512)).map((x) => x)))`,
  'whose buffer shrinks while its end is computed': `
    const b = attempt(() => new ArrayBuffer(64 * KB, { maxByteLength: 128 * KB })) ?? new ArrayBuffer(64 * KB); const a = new A(b);
    const last = a[0]; attempt(() => a.fill(last, { valueOf() { attempt(() => b.resize(8)); return 0; } }, a.length)); attempt(() => fill(a))`,
  'sorted by a comparison that takes its buffer away': `
    const a = fill(new A(256)); attempt(() => a.sort((x, y) => { attempt(() => a.buffer.transfer(0)); return x < y ? 1 : -1; })); attempt(() => fill(a))`,
  'over a buffer that is detached while it is made': `
    const b = new ArrayBuffer(1280 * KB);
    const window = attempt(() => Reflect.construct(A, [b], new Proxy(A, { get(t, k) { if (k === 'prototype') attempt(() => b.transfer(0)); return t[k]; } })));
    if (window !== undefined) attempt(() => { for (let i = 128 * KB; i < window.length * window.BYTES_PER_ELEMENT; i += 16) for (let j = 0; j < 16; j++) new Uint8Array(window.buffer)[i + j] = bytes[j]; });
    attempt(() => fill(b))`,
};

/** Programs by name. */
const OTHERS = {
  'a DataView over its whole buffer':
    'const v = new DataView(new ArrayBuffer(8 * KB)); for (let i = 0; i < v.byteLength; i++) v.setUint8(i, bytes[i & 15]); keep(v)',
  'a DataView whose index takes the buffer away': `
    const b = new ArrayBuffer(64 * KB), v = new DataView(b);
    attempt(() => v.setFloat64({ valueOf() { attempt(() => b.transfer(0)); return 8; } }, 1)); attempt(() => v.setUint8(0, { valueOf() { attempt(() => b.transfer(0)); return 65; } })); fill(b)`,
  'a resizable buffer that grows and shrinks': `
    const b = attempt(() => new ArrayBuffer(16, { maxByteLength: 256 * KB })); if (b) for (const n of [64, 64 * KB, 8, 256 * KB, 0, 4 * KB]) attempt(() => { b.resize(n); fill(b); })`,
  'buffers that are transferred on and on':
    'let b = new ArrayBuffer(32 * KB); for (let i = 0; i < 20; i++) { fill(b); b = attempt(() => b.transfer(b.byteLength + 512)) ?? b.slice(0); }',
  'buffers that are freed and taken again':
    'for (let i = 0; i < 300; i++) { const b = new ArrayBuffer(i * 97); fill(b); if (i % 3) kept.pop(); }',
  'a buffer of a megabyte': 'fill(new ArrayBuffer(1024 * KB))',
  'memory that has to grow': 'for (let i = 0; i < 6; i++) fill(new ArrayBuffer(512 * KB))',
  'memory up to its limit': 'attempt(() => { for (;;) keep(M.repeat(16 * KB) + kept?.length); })',
  'one string that is long': 'keep(M.repeat(8 * KB))',
  'a string of two-byte characters': "keep(M.replace(/./g, (c) => c + '\\u0100').repeat(500), M + '\\u4e2d')",
  'many short strings': 'for (let i = 0; i < 5000; i++) keep(M + i)',
  'ropes that are never flattened': 'let s = M; for (let i = 0; i < 400; i++) s = s + M + i; keep(s)',
  'ropes that are flattened':
    'let s = M; for (let i = 0; i < 2000; i++) { s += M; if (i % 100 === 0) s.charCodeAt(i); } keep(s)',
  'a string that was sliced':
    'const s = M.repeat(1000); for (let i = 0; i < 100; i++) keep(s.slice(i, -i || undefined))',
  'strings that were split and joined': "keep(M.repeat(500).split(''), M.repeat(200).split('#').join(M))",
  'strings in upper and lower case, padded, normalised':
    "keep(M.toUpperCase(), M.padEnd(4000, M), M.normalize('NFD').repeat(99), M.repeat(9).toLowerCase() + M)",
  'names of properties':
    'const o = keep({}); for (let i = 0; i < 3000; i++) o[M + i] = i; for (let i = 0; i < 3000; i += 2) delete o[M + i]',
  symbols: 'for (let i = 0; i < 1000; i++) keep(Symbol(M + i), Symbol.for(M + i))',
  'keys and values of a Map':
    'const m = keep(new Map()); for (let i = 0; i < 3000; i++) m.set(M + i, { [M]: i }); for (let i = 0; i < 3000; i += 3) m.delete(M + i)',
  'members of a Set':
    'const s = keep(new Set()); for (let i = 0; i < 3000; i++) s.add(M + i); s.clear(); for (let i = 0; i < 100; i++) s.add(M + i)',
  'keys of a WeakMap':
    'const w = keep(new WeakMap()); for (let i = 0; i < 1000; i++) w.set(i % 2 ? keep({ [M]: i }) : {}, M + i)',
  'a Map that changes while it is walked':
    'const m = keep(new Map([[M, M]])); for (const [k] of m) { if (m.size > 500) break; m.set(k + M, M); m.delete(k); m.set(M + m.size + k.length, 1); }',
  'elements of an array':
    'const a = keep([]); for (let i = 0; i < 4000; i++) a.push(M + i); a.length = 10; a.length = 4000',
  'an array with holes': 'const a = keep([]); for (let i = 0; i < 1e6; i += 997) a[i] = M + i',
  'arrays that are changed while they are sorted':
    'const a = keep(Array.from({ length: 800 }, (_, i) => M + (i * 7919) % 800)); attempt(() => a.sort((x, y) => { if (x.length % 2) a.length = 400; return x < y ? -1 : 1; }))',
  'the new methods of arrays on lengths that change': `
    const a = Array.from({ length: 500 }, (_, i) => M + i);
    const trap = () => new Proxy(a, { get(t, k) { if (k === 'length') { t.length = 500; return 500; } if (k === '10') t.length = 20; return t[k]; } });
    for (const method of ['toReversed', 'toSorted', 'toSpliced', 'with', 'slice', 'concat', 'flat', 'splice']) attempt(() => keep(Array.prototype[method].call(trap(), 1, 2)))`,
  'array methods whose species is another':
    'class S extends Array { static get [Symbol.species]() { return Uint8Array; } } const a = keep(S.from(bytes)); for (const m of ["map", "filter", "slice", "concat"]) attempt(() => keep(a[m]((x) => x)))',
  'lengths that are not what they say':
    'attempt(() => keep(Array.from({ length: 5000, get 4999() { return M; }, 0: M })), 0); attempt(() => keep(Array.prototype.map.call({ length: 1e5, 0: M }, (x) => x)))',
  'closures over the pattern': 'for (let i = 0; i < 2000; i++) { const s = M + i; keep(() => s); }',
  'closures in loops that were left':
    'outer: for (let i = 0; ; i++) { const s = M + i; keep(() => s); for (const x of [1, 2]) { if (i > 500) break outer; } }',
  'arguments objects':
    'function f() { arguments[0] = M; return keep(arguments); } for (let i = 0; i < 500; i++) f(M + i, ...bytes)',
  'recursion to the end of the stack':
    'let n = 0; const deep = (s) => { n++; return deep(s + 0) + M; }; attempt(() => deep(M))',
  'recursion with many locals': `const deep = (n) => { let ${Array.from({ length: 60 }, (_, i) => `v${i} = M + n`).join(', ')}; return n === 0 ? v7 : deep(n - 1) + v3; }; attempt(() => deep(200))`,
  'numbers on the stack that are the pattern': `const f64 = new Float64Array(new Uint8Array(bytes).buffer)[0]; const deep = (n, a, b, c, d) => n === 0 ? a : deep(n - 1, b, c, d, a) + deep(0, a, b, c, d); attempt(() => deep(900, f64, f64, f64, f64))`,
  'frames of which a part is never written': `const pick = (x) => x; const hole = (n) => { if (n === 0) throw M; return pick(hole(n - 1), ${Array.from({ length: 700 }, () => 'M').join()}); }; attempt(() => hole(8))`,
  'a function with thousands of arguments':
    'const args = Array.from({ length: 9000 }, (_, i) => M + i); attempt(() => keep(((...all) => all)(...args))); attempt(() => Math.max.apply(null, args))',
  'bound functions with thousands of arguments':
    'const args = Array.from({ length: 6000 }, () => M); const f = keep(((...all) => all.length).bind(null, ...args)); attempt(() => f(...args))',
  'bound functions that are bound':
    'let f = (...all) => all.join(); for (let i = 0; i < 200; i++) f = f.bind(null, M + i); attempt(() => keep(f))',
  'tagged templates':
    'const tag = (s, ...v) => keep([s, s.raw, v]); for (let i = 0; i < 300; i++) tag`a${M}b${i}c${M + i}`',
  'generators that are left suspended':
    'function* g(s) { for (let i = 0; ; i++) { const t = s + i; yield t; } } for (let i = 0; i < 300; i++) { const it = keep(g(M + i)); it.next(); it.next(); }',
  'generators that are returned into finally':
    'function* g() { try { yield M; } finally { yield keep(M + "f"); } } for (let i = 0; i < 300; i++) { const it = g(); it.next(); it.return(M + i); }',
  'generators that are deep':
    'function* deep(n) { if (n > 0) yield* deep(n - 1); yield M + n; } attempt(() => keep([...deep(150)]))',
  'iterators that throw when they are closed':
    'const it = { [Symbol.iterator]: () => ({ next: () => ({ value: keep(M + "i"), done: false }), return() { throw new Error(M); } }) }; attempt(() => { for (const x of it) break; }); attempt(() => { const [a] = it; })',
  'promises that are pending for ever': 'for (let i = 0; i < 500; i++) keep(new Promise(() => {}).then(() => M + i))',
  'promises that were fulfilled': 'for (let i = 0; i < 500; i++) keep(Promise.resolve(M + i).then((s) => keep(s + M)))',
  'promises that were rejected and handled':
    'for (let i = 0; i < 500; i++) keep(Promise.reject(new Error(M + i)).catch((e) => keep(e)))',
  'promises that were rejected and are handled by nobody': 'for (let i = 0; i < 100; i++) keep(Promise.reject(M + i))',
  'async functions in the middle':
    'const f = async (s) => { const t = s + M; await new Promise(() => {}); return t; }; for (let i = 0; i < 300; i++) keep(f(M + i))',
  'async generators':
    'async function* g() { for (let i = 0; ; i++) yield M + i; } for (let i = 0; i < 200; i++) { const it = keep(g()); it.next(); it.next(); it.return(M); }',
  thenables: 'for (let i = 0; i < 300; i++) keep(Promise.resolve({ then(ok) { ok({ [M]: keep(M + i) }); } }))',
  proxies:
    'for (let i = 0; i < 300; i++) { const p = keep(new Proxy({ [M]: i }, { get: () => M, ownKeys: () => [M], has: () => true })); attempt(() => p[M + i]); attempt(() => Object.keys(p)); }',
  'proxies of proxies to the end of the stack':
    'let p = { [M]: M }; for (let i = 0; i < 3000; i++) p = new Proxy(p, {}); keep(p); attempt(() => p[M]); attempt(() => { p[M] = M; })',
  'proxies that are revoked while they are asked':
    'for (let i = 0; i < 200; i++) { const { proxy, revoke } = Proxy.revocable({ [M]: M }, { get(t, k) { revoke(); return t[k]; } }); attempt(() => keep(proxy[M])); attempt(() => proxy[M]); }',
  'a proxy with more keys than it has':
    'attempt(() => Object.keys(new Proxy({}, { ownKeys: () => ({ length: 1e5, 0: M }) })))',
  'accessors that change their object':
    'const o = keep({ get a() { delete this.b; this[M] = M; return M; }, b: M }); for (let i = 0; i < 200; i++) { o["x" + i] = o.a; attempt(() => ({ ...o })); attempt(() => Object.assign({}, o)); }',
  'valueOf and toString with side effects':
    'const o = { valueOf() { keep(M.repeat(9)); return 1; }, toString() { return M.repeat(7); } }; for (let i = 0; i < 300; i++) keep(o + M, `${o}`, o * 2, [o].join())',
  'classes with private fields':
    'class P { #s = M; static #t = M; #u() { return this.#s + P.#t; } get s() { return this.#u(); } } for (let i = 0; i < 500; i++) keep(new P().s, new P())',
  'classes with computed names':
    'for (let i = 0; i < 300; i++) keep(class { static [M + i] = M; [M + "m"]() { return M; } get [M + "g"]() { return M; } })',
  'JSON there and back':
    'const o = Array.from({ length: 500 }, (_, i) => ({ [M]: M + i })); const s = keep(JSON.stringify(o)); keep(JSON.parse(s), JSON.stringify(o, null, M.slice(0, 9)))',
  'JSON nested to the end of the stack':
    'let o = M; for (let i = 0; i < 4000; i++) o = [o, M]; attempt(() => JSON.stringify(o)); attempt(() => JSON.parse("[".repeat(30000) + JSON.stringify(M)))',
  'JSON with a reviver and a replacer':
    'attempt(() => keep(JSON.parse(`{"a":["${M}",{"b":"${M}"}]}`, function (k, v) { this[M] = M; return typeof v === "string" ? v + M : v; }))); attempt(() => keep(JSON.stringify({ a: M }, (k, v) => (k ? M + v : v))))',
  'regular expressions on the pattern':
    'const s = M.repeat(300); keep(s.match(/Leak(Mark)er/g), s.replace(/(.)(.)/g, "$2$1"), [...s.matchAll(/N(?<rest>xL)/g)], s.split(/#/))',
  'regular expressions that backtrack':
    'attempt(() => /(a|aa|N|x|Nx)+#@!$/.test(M.repeat(12))); attempt(() => /^(([A-Za-z#@!~]+)+)+$/.test(M + "\\u0000"))',
  'regular expressions made of the pattern':
    'for (let i = 0; i < 300; i++) keep(new RegExp(M.replace(/\\W/g, ".") + i, "g").exec(M + i))',
  'a regular expression nested to the end of the stack':
    'attempt(() => new RegExp("(".repeat(20000) + M + ")".repeat(20000)))',
  'BigInts of the pattern':
    'const hex = BigInt("0x" + bytes.map((b) => b.toString(16).padStart(2, "0")).reverse().join("")); let n = hex; for (let i = 0; i < 60; i++) n = keep((n << 128n) | hex); keep(n.toString().length, n * n, n / 3n, n ** 2n)',
  'BigInts as typed elements':
    'const a = new BigUint64Array(new Uint8Array(bytes).buffer); for (let i = 0; i < 2000; i++) keep(a[i & 1] + BigInt(i) - BigInt(i))',
  'numbers that are the pattern':
    'const f = new Float64Array(new Uint8Array(bytes).buffer); const a = keep([]); for (let i = 0; i < 4000; i++) a.push(f[i & 1])',
  'numbers that are members of objects':
    'const f = new Float64Array(new Uint8Array(bytes).buffer); for (let i = 0; i < 1000; i++) keep({ a: f[0], b: f[1], c: f[0] })',
  'dates of the pattern':
    'for (let i = 0; i < 200; i++) { const d = new Date(i * 1e10); d[M] = M; keep(d, d.toISOString() + M, attempt(() => Date.parse(M))); }',
  'errors with long stacks': `const deep = (n) => { if (n === 0) throw new Error(M.repeat(9)); deep(n - 1); }; for (let i = 0; i < 60; i++) try { deep(i) } catch (e) { e[M] = M; keep(e, e.stack + M); }`,
  'errors with causes':
    'let e = new Error(M); for (let i = 0; i < 500; i++) e = new AggregateError([e, M], M + i, { cause: e }); keep(e)',
  'errors thrown while a frame is prepared':
    'attempt(() => { Error.prepareStackTrace = (e, s) => keep(M + s.length); throw new Error(M); })',
  'decoding and encoding of URIs':
    'keep(encodeURIComponent(M.repeat(200)), decodeURIComponent(encodeURIComponent(M.repeat(200))), escape?.(M.repeat(99)))',
  'sorting of strings': 'keep(Array.from({ length: 3000 }, (_, i) => M + ((i * 7919) % 3000)).sort())',
  'garbage in cycles': 'for (let i = 0; i < 3000; i++) { const a = { s: M + i }, b = { a, t: M }; a.b = b; }',
  'garbage in cycles of closures and promises':
    'for (let i = 0; i < 1000; i++) { const p = new Promise((ok) => { const o = { ok, s: M + i }; o.self = o; keep.last = () => [o, p, M]; }); }',
  globals: 'for (let i = 0; i < 500; i++) globalThis[M + i] = M; Object.prototype[M] = M; Array.prototype[M] = [M]',
  'builtins that are replaced':
    'const evil = () => M; for (const o of [Array.prototype, String.prototype, Object, Promise.prototype]) for (const k of Reflect.ownKeys(o)) attempt(() => { if (typeof o[k] === "function" && k !== "push" && k !== "constructor") o[k] = evil; })',
  'prototypes that are the pattern':
    'let p = null; for (let i = 0; i < 1000; i++) { p = Object.create(p); p[M + i] = M; } keep(p)',
  descriptors:
    'const o = keep({}); for (let i = 0; i < 800; i++) Object.defineProperty(o, M + i, { get: () => M + i, configurable: true }); keep(Object.getOwnPropertyDescriptors(o)); Object.freeze(o)',
  'the state':
    '$state.a = M.repeat(100); $state.deep = { [M]: [M] }; attempt(() => { $state.deep[M].push(M); }); keep($state.a, $state)',
  'logs and events':
    'for (let i = 0; i < 50; i++) { console.log(M + i, { [M]: M }); attempt(() => $emit("x", { [M]: M })); }',
  'a result that is the pattern': 'globalThis.answer = Array.from({ length: 500 }, () => ({ [M]: M }))',
  'a result that cannot leave': 'globalThis.answer = { f: () => M, s: Symbol(M), [M]: M }',
  'a result that is too large': 'globalThis.answer = Array.from({ length: 3000 }, () => M.repeat(200))',
  'a handler that ends in a loop': 'fill(new ArrayBuffer(64 * KB)); globalThis.loops = true',
  'an error that is the pattern': 'globalThis.thrown = Object.assign(new Error(M.repeat(50)), { [M]: { [M]: M } })',
};

/** Programs for images with features. */
const WITH_FEATURES = {
  'URL and its parameters':
    'for (let i = 0; i < 30; i++) keep(attempt(() => new URL("http://x/" + M + i + "?a=" + M).href), attempt(() => new URLSearchParams({ [M]: M + i })))',
  'text that is encoded and decoded':
    'for (let i = 0; i < 50; i++) keep(new TextEncoder().encode(M.repeat(i)), new TextDecoder().decode(new TextEncoder().encode(M.repeat(i)))); attempt(() => new TextEncoder().encodeInto(M.repeat(99), new Uint8Array(64 * KB)))',
  'clones, and buffers that are given away':
    'for (let i = 0; i < 50; i++) { const b = fill(new ArrayBuffer(1024 + i)); keep(attempt(() => structuredClone({ b, [M]: new Map([[M, M]]) })), attempt(() => structuredClone(b, { transfer: [b] }))); }',
  base64: 'for (let i = 0; i < 50; i++) keep(btoa(M.repeat(i)), atob(btoa(M.repeat(i))))',
  'random values over the pattern':
    'for (let i = 0; i < 50; i++) { const a = fill(new Uint8Array(4 * KB)); keep(crypto.randomUUID() + M, attempt(() => crypto.getRandomValues(a.subarray(0, 16)))); }',
  exceptions: 'for (let i = 0; i < 100; i++) keep(new DOMException(M + i, M))',
};

/** Programs that use functions of a library. */
const WITH_LIBRARY = {
  'a library that remembers': 'for (let i = 0; i < 500; i++) $lib.memo.remember(M + i, { [M]: M })',
  'a library that recurses': 'attempt(() => $lib.memo.deep(M, 5000))',
  'a library that works on buffers': 'keep($lib.memo.copy(fill(new Uint8Array(64 * KB))))',
};

export const LIBRARY = {
  name: 'memo',
  filename: 'memo.js',
  source: `
    const known = new Map();
    exports.remember = (key, value) => known.set(key, value);
    exports.deep = function deep(s, n) { return n === 0 ? s : deep(s, n - 1) + s; };
    exports.copy = (bytes) => { const copies = []; for (let i = 0; i < 10; i++) copies.push(bytes.slice(i)); known.set('copies', copies); return copies; };
  `,
};

function named(group, programs) {
  return Object.entries(programs).map(([name, source]) => ({ name: `${group}${name}`, source }));
}

export const PROGRAMS = [
  ...ARRAYS.flatMap((array) =>
    Object.entries(WITH_ARRAYS).map(([name, source]) => ({
      name: `${array} ${name}`,
      source: `const A = ${array}; ${source}`,
    })),
  ),
  ...named('', OTHERS),
  ...named('feature: ', WITH_FEATURES),
  ...named('', WITH_LIBRARY),
];
