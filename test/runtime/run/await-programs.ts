/** Handlers that wait in every way; each gives the same whether its VM stays or is restored. */
export const AWAIT_PROGRAMS: readonly (readonly [name: string, code: string])[] = [
  ['a loop', 'let s = 0; for (let i = 0; i < 8; i++) s += await $ext.a.twice(i); return s'],
  [
    'nested loops',
    'const o = []; for (const x of [1, 2]) for (const y of [3, 4]) o.push(await $ext.a.twice(x * y)); return o',
  ],
  ['Promise.all', 'return Promise.all([3, 1, 2].map((n) => $ext.a.twice(n)))'],
  [
    'Promise.all twice',
    'const o = []; for (let i = 0; i < 3; i++) o.push(await Promise.all([$ext.a.twice(i), $ext.a.late(i)])); return o',
  ],
  [
    'Promise.race',
    'const r = await Promise.race([$ext.a.late(1), $ext.a.twice(2)]); return [r, await $ext.a.twice(r)]',
  ],
  ['Promise.any', 'const r = await Promise.any([$ext.a.fail("x"), $ext.a.late(5)]); return [r, await $ext.a.twice(r)]'],
  [
    'Promise.allSettled',
    'const r = await Promise.allSettled([$ext.a.fail("x"), $ext.a.twice(5)]); return r.map((x) => x.reason?.message ?? x.value)',
  ],
  [
    'an error of an extension',
    'try { await $ext.a.fail("no") } catch (e) { return [e.name, e.message, e.code, await $ext.a.twice(1)] }',
  ],
  ['an error that is not caught', '$state.x = 1; await $ext.a.twice(1); await $ext.a.fail("out")'],
  ['an error of its own after an await', 'await $ext.a.twice(1); null.x'],
  [
    'try and finally',
    'const o = []; try { o.push(await $ext.a.twice(1)); throw new Error("e") } catch (e) { o.push(e.message) } finally { o.push(await $ext.a.twice(2)) } return o',
  ],
  [
    'a generator across awaits',
    'function* g() { let n = 0; for (;;) n += yield n } const it = g(); it.next(); const o = []; for (let i = 1; i < 5; i++) o.push(it.next(await $ext.a.twice(i)).value); return o',
  ],
  [
    'an async generator',
    'async function* g() { for (let i = 0; i < 4; i++) yield await $ext.a.twice(i) } const o = []; for await (const x of g()) o.push(x); return o',
  ],
  [
    'closures over much data',
    'const big = Array.from({ length: 4000 }, (_, i) => ({ i, t: "x" + i })); const f = async (i) => big[await $ext.a.twice(i)].t; return [await f(10), await f(1000), big.length]',
  ],
  [
    'memory that grows at each await',
    'const kept = []; for (let i = 0; i < 6; i++) { kept.push("y".repeat(60000) + i); await $ext.a.twice(i) } return kept.map((s) => s.length)',
  ],
  [
    'more memory than an area has',
    'let b = new Uint8Array(3e6).fill(7); await $ext.a.twice(1); b[5] = await $ext.a.twice(2); b = b.slice(0, 10); await $ext.a.twice(1); return [...b]',
  ],
  [
    'garbage between awaits',
    'let n = 0; for (let i = 0; i < 5; i++) { const g = []; for (let j = 0; j < 3000; j++) g.push({ j, g }); n += await $ext.a.twice(g.length) } return n',
  ],
  [
    'weak references',
    'let o = { a: 1 }; const w = new WeakRef(o); await $ext.a.twice(1); const before = w.deref()?.a; o = undefined; await $ext.a.twice(1); return [before, w.deref()?.a]',
  ],
  [
    'Math.random',
    'const o = []; for (let i = 0; i < 5; i++) { o.push(Math.random()); await $ext.a.twice(i) } return o',
  ],
  [
    'crypto',
    'const o = []; for (let i = 0; i < 3; i++) { o.push(crypto.randomUUID()); await $ext.a.twice(i) } return o',
  ],
  [
    'crypto after an await only',
    'await $ext.a.twice(1); const g = globalThis; const a = g["cry" + "pto"].randomUUID(); await $ext.a.twice(1); return [a, g["cry" + "pto"].randomUUID()]',
  ],
  [
    'a feature that is missed after an await',
    'await $ext.a.twice(1); const g = globalThis; const u = new (g["U" + "RL"])("https://a.example/x"); await $ext.a.twice(2); return [u.pathname, new (g["U" + "RL"])("https://b.example/y").host]',
  ],
  [
    'getters in what is emitted',
    '$emit("e", { get n() { return Math.random() } }); const x = await $ext.a.twice(1); $emit("e", { get n() { return Math.random() } }); await $ext.a.twice(x); return Math.random()',
  ],
  [
    'getters in arguments',
    'let calls = 0; const o = []; for (let i = 0; i < 3; i++) o.push(await $ext.a.twice(({ get n() { calls++; return i } }).n)); return [o, calls]',
  ],
  [
    'getters in the state',
    '$state.o = { get n() { globalThis.seen = (globalThis.seen ?? 0) + 1; return Math.random() } }; await $ext.a.twice(1); await $ext.a.twice(2); return [globalThis.seen, $state.o.n]',
  ],
  [
    'getters in an array in the state',
    'let n = 0; const a = [1]; Object.defineProperty(a, "0", { enumerable: true, get() { return ++n } }); $state.a = a; await $ext.a.twice(1); $state.b = 1; await $ext.a.twice(1); return n',
  ],
  [
    'toJSON in the state',
    '$state.d = new Date(0); await $ext.a.twice(1); $state.d.setTime(5); await $ext.a.twice(2); return $state.d.getTime()',
  ],
  [
    'changes deep in the state',
    '$state.deep.list.push(1); await $ext.a.twice(1); $state.deep.list.push(2); await $ext.a.twice(1); $state.deep.map.set("k", 2); await $ext.a.twice(1); return [...$state.deep.map]',
  ],
  ['a denied change after an await', 'await $ext.a.twice(1); $state.secret = 1; await $ext.a.twice(1)'],
  [
    'a denied change that is caught',
    'await $ext.a.twice(1); try { $state.secret = 1 } catch (e) { $log(e.message) } return $ext.a.twice(4)',
  ],
  [
    'class fields',
    'class A { #n = 1; static s = 2; x = this.#n; async go() { this.#n += await $ext.a.twice(this.x); return this.#n + A.s } } const a = new A(); return [await a.go(), await a.go()]',
  ],
  [
    'logs and events in order',
    '$log("a"); $emit("x", 1); await $ext.a.twice(1); $log("b"); $emit("x", 2); await $ext.a.twice(1); $log("c"); $view.focus("f"); return 1',
  ],
  [
    'timers and calls',
    'const o = []; setTimeout(() => o.push("t"), 5); o.push(await $ext.a.twice(1)); await $sleep(10); o.push(await $ext.a.twice(2)); return o',
  ],
  [
    'a timer that is cleared',
    'let n = 0; const t = setTimeout(() => n++, 5); await $ext.a.twice(1); clearTimeout(t); await $sleep(20); return n',
  ],
  [
    'microtasks between',
    'const o = []; queueMicrotask(() => o.push("m")); o.push(await $ext.a.twice(1)); Promise.resolve().then(() => o.push("p")); o.push(await $ext.a.twice(2)); return o',
  ],
  [
    'a rejection that is handled later',
    'const p = $ext.a.fail("later"); await $ext.a.twice(1); try { await p } catch (e) { return e.message }',
  ],
  ['a call that is not awaited', '$ext.a.twice(3); await $ext.a.twice(1); return 5'],
  ['the clock', 'const a = Date.now(); await $ext.a.twice(1); return [Date.now() >= a, new Date(a).getTime() === a]'],
  [
    'stacks across awaits',
    'const f = async () => { await $ext.a.twice(1); throw new RangeError("deep") }; try { await f() } catch (e) { return [e.stack.split("\\n").length > 0, e.message] }',
  ],
  [
    'an error that is thrown again',
    'let e; try { await $ext.a.fail("one") } catch (x) { e = x } await $ext.a.twice(1); throw e',
  ],
  ['something that is no error', 'await $ext.a.twice(1); throw { code: 7, at: await $ext.a.twice(3) }'],
  [
    'regular expressions with a state',
    'const r = /a(.)/g; const o = []; for (let m; (m = r.exec("abacad")); ) o.push(m[1] + (await $ext.a.twice(1))); return o',
  ],
  [
    'Map and Set iterators',
    'const m = new Map([[1, 2], [3, 4]]); const o = []; for (const [k, v] of m) { if (k === 1) m.set(5, 6); o.push(k + (await $ext.a.twice(v))) } return o',
  ],
  [
    'symbols and proxies',
    'const log = []; const p = new Proxy({}, { get: (_, k) => (log.push(String(k)), 1) }); p.a; await $ext.a.twice(1); p.b; await $ext.a.twice(1); p[Symbol.for("s")]; return log',
  ],
  [
    'large answers',
    'const a = await $ext.a.large(2000); const b = await $ext.a.large(3000); return [a.length, b.at(-1), await $ext.a.twice(a[5])]',
  ],
  [
    'Intl across awaits',
    'const o = []; for (let i = 1; i < 4; i++) o.push((1234.5 * (await $ext.a.twice(i))).toLocaleString("de-DE")); return o',
  ],
  [
    'labelled loops and switch',
    'const o = []; outer: for (let i = 0; i < 4; i++) { switch (await $ext.a.twice(i)) { case 2: continue outer; case 6: break outer; default: o.push(i) } } return o',
  ],
  [
    'destructuring with awaits',
    'const { a = await $ext.a.twice(1), b = await $ext.a.twice(2) } = {}; const [c = await $ext.a.twice(3)] = []; return [a, b, c]',
  ],
  [
    'spread of answers',
    'return [...(await $ext.a.large(3)), ...(await $ext.a.large(2)), Math.max(...(await $ext.a.large(4)))]',
  ],
  [
    'recursion across awaits',
    'const f = async (n) => n < 2 ? n : (await f(n - 1)) + (await $ext.a.twice(n)); return f(6)',
  ],
  ['an unhandled rejection', 'Promise.reject(new Error("unseen")); await $ext.a.twice(1); return 1'],
  [
    'bigint and typed arrays',
    'let n = 1n; const a = new Float64Array(4); for (let i = 0; i < 4; i++) { n *= 3n; a[i] = await $ext.a.twice(i + 0.25) } return [n, a]',
  ],
];
