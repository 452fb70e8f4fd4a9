/** What a program may return, or the code of its error. */
export interface Program {
  readonly source: string;
  /** Allowed outcomes. Absent: what the same program returns in Node. */
  readonly ends?: readonly ({ readonly value: unknown } | { readonly error: string })[];
  /** It uses all memory, so running it once in each form is enough. */
  readonly isCostly?: true;
}

const returns = (source: string, value: unknown): Program => ({ source, ends: [{ value }] });
const fails = (source: string, error: string): Program => ({ source, ends: [{ error }] });
const runsOut = (source: string): Program => ({ ...fails(source, 'MEMORY_LIMIT'), isCostly: true });
const asInNode = (source: string): Program => ({ source });
const absent = (...names: string[]): Program =>
  returns(
    `return [${names.map((name) => `typeof ${name}`).join()}]`,
    names.map(() => 'undefined'),
  );

/** Cycles, and holes in the heap filled with a pattern that is not a value: if the collector follows a wrong pointer, it shows. */
const NOISE = `const noise = () => {
  for (let i = 0; i < 400; i++) { const a = {}, b = [a]; a.b = b; new Uint32Array(64).fill(0x41414141); }
  for (let i = 0; i < 4; i++) new Uint32Array(60_000).fill(0x41414141);
};`;
/** Buffers that must not change; `intact()` says whether. */
const CANARIES = `const canaries = []; for (let i = 0; i < 64; i++) canaries.push(new Uint32Array(2 + i).fill(0x41414141));
  const intact = () => canaries.every((c) => c.every((v) => v === 0x41414141));`;
/** Uses all memory except what small objects need. */
const FULL =
  'const hog = []; for (let size = 2 ** 20; size >= 2 ** 17; size /= 2) try { for (;;) hog.push(new ArrayBuffer(size)); } catch {}';

const THROUGH_NEW_TARGET = (name: string, source: string, gone: string) => `
  const target = new Proxy(${name}, { get(t, k) { if (k === 'prototype') { try { ${gone} } catch {} } return t[k]; } });
  const view = Reflect.construct(${name}, ${source}, target);`;

/** By the first name of the advisory. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  'CVE-2026-0821': returns(
    `const b = new ArrayBuffer(96); ${THROUGH_NEW_TARGET('Uint8Array', '[b, 0, 96]', 'b.transfer(0);')}
    view[90] = 7; return [view.length, b.byteLength, new Uint8Array(b)[90]];`,
    [96, 96, 7],
  ),
  'CVE-2026-0822': returns(
    `const b = new ArrayBuffer(256, { maxByteLength: 2560 }), u = new Uint8Array(b); let n = 0;
    for (let i = 0; i < 256; i++) u[i] = 255 - i;
    u.sort((x, y) => { if (++n > 500) try { b.resize(10); } catch {} return x - y; });
    return [u.length, u.every((x, i) => x === i), 'resize' in b];`,
    [256, true, false],
  ),
  'CVE-2026-1145': returns(
    `const b = new ArrayBuffer(64, { maxByteLength: 128 }), source = new Uint8Array(b).fill(5);
    ${THROUGH_NEW_TARGET('Uint8Array', '[source]', 'b.resize(1); b.transfer(1);')}
    return [view.length, view.every((x) => x === 5)];`,
    [64, true],
  ),
  'bellard/quickjs#492': returns(
    `const b = new ArrayBuffer(64, { maxByteLength: 128 }), u = new Uint8Array(b).fill(5);
    const copy = u.with(0, { valueOf() { try { b.resize(1); b.transfer(1); } catch {} return 5; } });
    return [copy.length, copy.every((x) => x === 5), u.length];`,
    [64, true, 64],
  ),
  'quickjs-ng/quickjs@4369dd6': returns(
    `${NOISE} ${CANARIES} const kept = [];
    for (let i = 0; i < 50; i++) { const b = new ArrayBuffer(64); kept.push(b.transfer(64), b.transfer(0)); if (i % 10 === 0) noise(); }
    return [intact(), kept.every((b, i) => b.byteLength === (i % 2 ? 0 : 64))];`,
    [true, true],
  ),
  'bellard/quickjs#471': returns(
    `${NOISE} const p = () => new Proxy([3, 1, 2], { get(t, k) { noise(); return t[k]; } });
    const call = (name, ...args) => Array.prototype[name].apply(p(), args);
    return [call('toReversed'), call('toSorted'), call('toSpliced', 0, 1, 9), call('with', 0, 9)];`,
    [
      [2, 1, 3],
      [1, 2, 3],
      [9, 1, 2],
      [9, 1, 2],
    ],
  ),
  'quickjs-ng/quickjs#1429': returns(
    `${CANARIES} const out = [];
    for (const length of [2 ** 28, 2 ** 29 - 1, 2 ** 29, 2 ** 29 + 1, 2 ** 31 - 1]) {
      for (const [name, ...args] of [['toReversed'], ['toSorted'], ['toSpliced', 0, 0], ['with', 0, 1]]) {
        let reads = 0;
        const long = new Proxy({ length }, { has: () => true, get(t, k) { if (k === 'length') return length; if (++reads > 500) throw new Error('written'); return 7; } });
        try { Array.prototype[name].apply(long, args); out.push('done'); } catch (error) { out.push(error.name); }
      }
    }
    return [[...new Set(out)], intact()];`,
    [['RangeError'], true],
  ),
  'CVE-2026-120438': returns(
    `${CANARIES} const out = [];
    for (const length of [2 ** 29, 2 ** 29 + 3, 2 ** 30, 2 ** 31, 2 ** 32 - 1]) {
      const keys = { length }; for (let i = 0; i < 2_000; i++) keys[i] = 'key' + i;
      const p = new Proxy({}, { ownKeys: () => keys });
      for (const read of [Object.keys, Reflect.ownKeys, (o) => ({ ...o }), (o) => { for (const k in o); }]) {
        try { read(p); out.push('done'); } catch (error) { out.push(error.message); }
      }
    }
    return [[...new Set(out)], intact()];`,
    [['out of memory'], true],
  ),
  'CVE-2026-120439': runsOut('return new Uint8Array(2 ** 30).sort((a, b) => a - b).length'),
  'bellard/quickjs#488': asInNode(`
    const out = [], results = (make, sent) => { const it = make(); it.next(); out.push(it.return(sent)); };
    results(function* () { for (const x of yield 1) out.push(x); }, 5);
    results(function* () { for (const x of [yield 1]) out.push(x); }, { a: 1 });
    results(function* () { for (const y of [1, 2]) for (const x of [...(yield y)]) out.push(x); }, [1]);
    results(function* () { try { for (const x of yield 1); } finally { out.push('finally'); } }, 2);
    results(function* () { for (const [a, { b }] of [[1, yield]]) out.push(a, b); }, 3);
    const used = (function* () { for (const x of yield 1) yield x; })();
    used.next(); out.push(used.next([7, 8]), used.next(), used.next());
    return out;
  `),
  'quickjs-ng/quickjs#1355': returns(
    `let it, hits = 0, inside = false;
    Object.defineProperty(Object.prototype, 'then', { configurable: true, get() {
      if (inside || it === undefined) return undefined;
      inside = true;
      try { if (hits === 0) it.return(0); else if (hits === 1) { it.next(1); it.return(1); } hits++; } catch {}
      inside = false;
      return undefined;
    } });
    it = (async function* () { await 1; yield 1; await 2; yield 2; })();
    it.next(); it.next(); it.return(5);
    let job = Promise.resolve();
    for (let i = 0; i < 30; i++) job = job.then(() => {});
    return job.then(() => { delete Object.prototype.then; return hits > 0; });`,
    true,
  ),
  'OSV-2026-764': {
    source: `${FULL} const name = 'A'.repeat(2 ** 21); const out = [];
      for (let i = 0; i < 20; i++) {
        const f = () => missing; Object.defineProperty(f, 'name', { value: name.slice(0, 2 ** 21 >> i) });
        try { f(); } catch (error) { out.push(error === null || typeof error); }
      }
      hog.length = 0; const taken = []; for (let i = 0; i < 1_000; i++) taken.push({ i });
      return out.length;`,
    ends: [{ value: 20 }, { error: 'MEMORY_LIMIT' }],
    isCostly: true,
  },
  'quickjs-ng/quickjs@c2f37ec': runsOut(
    `${FULL} for (let i = 1; i < 400; i++) try { new RegExp('(a|b|c*?)'.repeat(i * 50)); } catch {} return 'caught'`,
  ),
  'quickjs-ng/quickjs@776d724': runsOut(
    `${FULL} const f = async () => {}; let last; for (;;) try { for (;;) { const next = f(); next.last = last; last = next; } } catch {}`,
  ),
  'bellard/quickjs#529': runsOut(
    `${FULL} let last; for (;;) try { for (let i = 0; ; i++) last = Object.assign(Object.create({ ["p" + i]: 1 }), { x: 1, y: 2, ["z" + i]: 3, last }); } catch {}`,
  ),
  'quickjs-ng/quickjs@e2c4521': runsOut('const a = []; for (;;) a.push(1)'),
  'bellard/quickjs#493': asInNode(`
    function* items() { for (let i = 0; i < 20_000; i++) yield { i }; }
    let n = 0;
    if (typeof Iterator !== 'function') for (const { i } of items()) n += i;
    else for (const i of items().map((item) => item.i)) n += i;
    return n;
  `),
  'CVE-2026-1144': absent('Atomics', 'SharedArrayBuffer'),
  'CVE-2026-120440': returns('return [globalThis.Atomics?.store]', [undefined]),
  'bellard/quickjs#494': returns(
    `let called = 0;
    const registry = new FinalizationRegistry(() => { called++; });
    const reference = new WeakRef({ a: 1 });
    for (let i = 0; i < 20_000; i++) registry.register({ i }, [i]);
    for (let i = 0; i < 50_000; i++) ({ i, more: [i] });
    return [called, reference.deref().a];`,
    [0, 1],
  ),
  'quickjs-ng/quickjs#1318': returns(
    `const registry = new FinalizationRegistry(() => { throw new Error('called') });
    let held = { items: [1, 2, 3] };
    registry.register(held, held.items, held);
    const token = held;
    held = undefined;
    for (let i = 0; i < 50_000; i++) ({ i, more: [i] });
    return [registry.unregister(token), registry.unregister(token)];`,
    [true, false],
  ),
  'bellard/quickjs#502': absent('std', 'os', 'bjson', 'Worker', 'print', 'loadScript', 'scriptArgs'),
  'quickjs-ng/quickjs@ef7a3a7': returns(
    `return import('std').then(() => 'loaded', (error) => error instanceof Error)`,
    true,
  ),
  'OSV-2025-541': returns(
    `const attempts = [() => eval('1'), () => (0, eval)('1'), () => Function('return 1'), () => (async () => {}).constructor('1'),
      () => (function* () {}).constructor('1'), () => (async function* () {}).constructor('1')];
    return attempts.map((attempt) => { try { attempt(); return 'compiled'; } catch { return 'refused'; } });`,
    Array(6).fill('refused'),
  ),
  'quickjs-ng/quickjs@d0c2272': returns(
    `const log = [];
    const stack = new DisposableStack();
    stack.defer(() => { log.push('first'); stack.dispose(); });
    stack.defer(() => log.push('second'));
    stack.dispose();
    try { stack.defer(() => {}); } catch (error) { log.push(error.name); }
    return log;`,
    ['second', 'first', 'ReferenceError'],
  ),
  'quickjs-ng/quickjs@c846cb1': returns('return [typeof CallSite, typeof new Error("x").stack]', [
    'undefined',
    'string',
  ]),

  'CVE-2025-62492': asInNode(`
    const u = new Uint8Array(8).fill(7);
    return [-1e-300, -1e-20, -0.5, -0, -8, -9, -1e300, 1e300, -Infinity, 2 ** 53].map((i) => [u.lastIndexOf(7, i), u.indexOf(7, i), u.includes(7, i)]);
  `),
  'CVE-2025-62493': asInNode(`
    const out = [];
    for (let bits = 1n; bits < 600n; bits += 7n) for (const n of [2n ** bits, 2n ** bits - 1n, -(2n ** bits)]) {
      for (const radix of [2, 3, 8, 10, 16, 32, 36]) out.push(n.toString(radix).length);
    }
    return out;
  `),
  'CVE-2025-62494': asInNode(`
    const out = [];
    for (const n of [1, 30, 3_000]) { let s = 'a'.repeat(n); const o = { toString() { s = [1, 2]; return 'b'; } }; s += o; out.push(s.length); }
    let s = 'x'; const o = { [Symbol.toPrimitive]() { s = { y: 1 }; return 1; } }; s += o; out.push(s);
    return out;
  `),
  'CVE-2025-62495': {
    source: `for (const p of ['(?:(?:(?:a{200}){200}){200}){200}', '(?:a{0,65535}){0,65535}'.repeat(50), '[a-z]|'.repeat(20_000) + 'x']) {
      try { new RegExp(p).test('aaaa'); } catch (error) { if (!(error instanceof Error)) throw error; } } return 'done'`,
    ends: [{ value: 'done' }],
  },
  'CVE-2025-62496': returns(
    `return [79_536_432, 10_000_000].map((digits) => { try { BigInt('9'.repeat(digits / 100)); return 'made'; } catch (error) { return error.name; } })`,
    ['RangeError', 'made'],
  ),
  'CVE-2025-62490': returns(
    `const a = [1, 2, 3]; Object.defineProperty(a, 1, { get() { a.length = 0; return 2; } });
    const m = new Map([[{ get k() { m.clear(); return 1; } }, 2]]); console.log(a, m); $log(a, m); return typeof print;`,
    'undefined',
  ),
  'CVE-2025-62491': fails(
    `for (let i = 0; i < 3; i++) { const reason = new Error('no'); Object.defineProperty(reason, 'stack', { get() { Promise.reject(1).catch(() => {}); throw 2; } }); Promise.reject(reason); } return 1`,
    'EXECUTION_ERROR',
  ),
  'bellard/quickjs#450': returns(
    'const u = new Uint8Array([1, 2, 3]), c = u.buffer.transfer(2); u[0] = 9; return [u.length, [...u], [...new Uint8Array(c)], u.buffer.detached]',
    [3, [9, 2, 3], [1, 2], false],
  ),
  'CVE-2025-12745': returns(
    `const b = new ArrayBuffer(1000, { maxByteLength: 2000 }); new Uint8Array(b).fill(5);
    b.constructor = { [Symbol.species]: function (n) { try { b.resize(100); } catch {} return new ArrayBuffer(n); } };
    return [b.byteLength, new Uint8Array(b.slice(500, 1000)).every((x) => x === 5)];`,
    [1000, true],
  ),
  'bellard/quickjs@7cfddd0': returns(
    `const b = new ArrayBuffer(16, { maxByteLength: 32 }), d = new DataView(b), part = new DataView(b, 8);
    try { b.resize(4); } catch {} try { b.transfer(1); } catch {}
    d.setUint8(15, 7); return [d.byteLength, part.byteLength, part.getUint8(7)];`,
    [16, 8, 7],
  ),
  'bellard/quickjs@3bffe67': asInNode(`
    const out = [];
    for (const [Type, offset, start] of [[Uint8Array, 1, 0], [Uint8Array, 0, 3], [Uint16Array, 2, 0], [Uint32Array, 4, 1]]) {
      const u = Type.from({ length: 8 }, (_, i) => i);
      u.constructor = { [Symbol.species]: function (n) { return new Uint8Array(u.buffer, offset, n); } };
      const copy = u.slice(start, start + 4); out.push([...copy], [...u]);
    }
    return out;
  `),
  'quickjs-ng/quickjs#1368': returns(
    `if (typeof Iterator?.concat !== 'function') return true;
    for (const evil of [
      () => ({ [Symbol.iterator]() { try { it.return(); } catch {} return [][Symbol.iterator](); } }),
      () => ({ [Symbol.iterator]() { return { get next() { try { it.return(); } catch {} return () => ({ done: true }); } }; } }),
    ]) { var it = Iterator.concat(evil(), evil(), [1]); try { it.next(); it.next(); it.return(); } catch {} }
    return true;`,
    true,
  ),
  'CVE-2026-37630': returns(
    `${NOISE} const kept = []; function f(a, b) { kept.push(arguments, () => a); noise(); a = { changed: 1 }; arguments[1] = [a]; noise(); return b; }
    const out = []; for (let i = 0; i < 10; i++) out.push(f({ i }, i)[0].changed); noise();
    return [out.every((x) => x === 1), kept[0][0].changed, kept[0].length];`,
    [true, 1, 2],
  ),
  'quickjs-ng/quickjs#1562': returns(
    `${NOISE} const keep = [];
    for (let i = 0; i < 30; i++) { const a = [{}]; a.length = 245; a.push({ i }, 2); keep.push(a); if (i % 10 === 0) noise(); }
    return keep.every((a, i) => a.length === 247 && a[245].i === i && !(244 in a));`,
    true,
  ),
  'GHSA-r6vf-p8wr-4vg9': returns(
    `${NOISE} const out = [];
    for (let i = 0; i < 20; i++) { const a = [{}, {}, { i }]; delete a[2]; delete a[1]; a.push({ x: i }); noise(); out.push(a.length === 4 && a[3].x === i && !(1 in a) && !(2 in a)); const b = [[], [], []]; b.length = 1; b.length = 3; b.push(i); out.push(b[3] === i && !(2 in b)); }
    return out.every(Boolean);`,
    true,
  ),
  'CVE-2023-48184': returns(
    `${NOISE} const closures = [];
    (async () => { const held = { a: [1] }; closures.push(() => held); await new Promise(() => {}); })();
    const g = (function* () { const held = { a: [2] }; closures.push(() => held); yield; })(); g.next();
    (async function* () { const held = { a: [3] }; closures.push(() => held); await new Promise(() => {}); })().next();
    for (let i = 0; i < 10; i++) noise();
    return closures.map((f) => f().a[0]);`,
    [1, 2, 3],
  ),
  'quickjs-ng/quickjs@ee13c7f': returns(
    `if (typeof RegExp.escape !== 'function') return true;
    let rope = ''; for (let i = 0; i < 300; i++) rope = i % 2 ? rope + 'b'.repeat(40) : 'a'.repeat(40) + rope;
    return RegExp.escape(rope).endsWith(rope.slice(1)) && RegExp.escape(rope + '(').endsWith('\\\\(');`,
    true,
  ),
  'bellard/quickjs@a774007': asInNode(`
    const out = [];
    for (const p of ['[(', '[', '(?<', '\\\\', '\\\\u{', '(?=', 'a{', '[a-', '\\\\p{', '[\\\\q{', '(?i:', '\\\\k<', '[&&', '[a--', '(?<a>x)|(?<a>y)']) {
      for (const flags of ['', 'u', 'v']) { try { new RegExp(p, flags); out.push('made'); } catch (error) { out.push(error.name); } }
    }
    return out.filter((x) => x !== 'made' && x !== 'SyntaxError');
  `),
  'OSV-2025-515': returns(
    `const stacks = []; for (const f of [() => null.x, () => [].reduce((a) => a), () => new Proxy({}, { get() { throw new Error('in'); } }).x, () => JSON.parse('{'), () => Symbol() + '']) {
      try { f(); } catch (error) { stacks.push(typeof error.stack); } } return [...new Set(stacks)]`,
    ['string'],
  ),
  'bellard/quickjs@dfd9c93': {
    source:
      'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; try { JSON.stringify(a); return "done"; } catch (error) { return error.message; }',
    ends: [{ value: 'stack overflow' }, { error: 'STACK_OVERFLOW' }],
  },
  'bellard/quickjs#111': returns(
    'const o = {}; for (let i = 0; i < 20_000; i++) o["k" + i] = i; return Reflect.ownKeys({ ...o }).length',
    20_000,
  ),
  'bellard/quickjs#454': returns(
    `const out = []; Object.defineProperty(globalThis, 'boom', { set() { throw new Error('set'); }, get() { throw new Error('got'); }, configurable: true });
    for (const f of [() => { boom = { a: 1 }; }, () => boom, () => { boom += [1]; }, () => { JSON = { a: 1 }; return JSON.a; }, () => delete globalThis.Reflect && typeof Reflect]) {
      try { out.push(f()); } catch (error) { out.push(error.message); } } return out`,
    ['set', 'got', 'got', 1, 'undefined'],
  ),
  'bellard/quickjs#398': returns(
    `${NOISE} const w = new WeakMap(); let n = 0;
    for (let i = 0; i < 200; i++) { const a = {}, b = { a }; a.b = b; w.set(a, b); w.set(b, { a, w }); if (i % 20 === 0) { noise(); n += w.has(a) ? 1 : 0; } }
    return n;`,
    10,
  ),
  'CVE-2024-33263': returns(
    `${NOISE} const inner = new Proxy({}, new Proxy(new Proxy({}, { get: 0 }), { get: () => ({}) }));
    try { String(inner); } catch {} function* g(a, b) { return new Date(16, Math); } for (let i = 0; i < 50; i++) Array.from(g({}, [])); noise(); return 'done'`,
    'done',
  ),
};
