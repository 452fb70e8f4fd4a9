import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type ExtensionCall, type NexusRuntime } from '#src/index.js';

import { ANYTHING, answer, effectsOf, finish, type Pace, suspensionOf } from './resume-helpers.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2 });
});
afterAll(() => runtime.shutdown());

/** `$ext.n.times10(x)`, and `$ext.n.fail(x)`. */
function respond({ method, args }: ExtensionCall) {
  if (method === 'fail') return { success: false, error: new RangeError(`no ${String(args[0])}`) } as const;
  return answer(Number(args[0]) * 10);
}

/** `w` is a call that is answered with ten times its argument. */
const PROGRAMS: readonly [what: string, source: string, expected: unknown][] = [
  [
    'nested loops',
    'const out = []; outer: for (let i = 0; i < 3; i++) { let j = 0; while (true) { if (j === 2) continue outer; if (i === 2) break outer; out.push([i, j, await w(i * 10 + j)]); j++ } } return out',
    [
      [0, 0, 0],
      [0, 1, 10],
      [1, 0, 100],
      [1, 1, 110],
    ],
  ],
  [
    'try, catch and finally',
    'const log = []; const f = async () => { try { log.push("try"); await w(1); throw new Error("thrown") } catch (e) { log.push(e.message, await w(2)) } finally { log.push("finally", await w(3)); } return "end" }; log.push(await f()); return log',
    ['try', 'thrown', 20, 'finally', 30, 'end'],
  ],
  [
    'a finally that overrides a return',
    'const f = async () => { try { return await w(1) } finally { const x = await w(2); return x + 1 } }; return f()',
    21,
  ],
  [
    'an async generator',
    'async function* g() { let x = 1; while (x < 100) { const sent = yield await w(x); x += sent } return "done" } const it = g(); const out = [await it.next()]; out.push(await it.next(5), await it.next(7), await it.next(1000)); return out',
    [
      { value: 10, done: false },
      { value: 60, done: false },
      { value: 130, done: false },
      { value: 'done', done: true },
    ],
  ],
  [
    'for await over a generator with a finally that waits',
    'const log = []; async function* g() { try { for (let i = 0; i < 3; i++) yield await w(i) } finally { log.push(await w(9)) } } for await (const x of g()) log.push(x); return log',
    [0, 10, 20, 90],
  ],
  [
    'for await over promises',
    'const out = []; for await (const x of [w(1), 2, w(3)]) out.push(x); return out',
    [10, 2, 30],
  ],
  [
    'a generator between two of its values',
    'function* g() { let a = 1; for (;;) { a += yield a } } const it = g(); it.next(); const before = it.next(4).value; const x = await w(before); return [before, it.next(x).value, it.return("r")]',
    [5, 55, { value: 'r', done: true }],
  ],
  [
    'closures over one variable',
    'let n = 0; const up = () => ++n, read = () => n; up(); await w(1); up(); const fs = []; for (let i = 0; i < 3; i++) { await w(i); fs.push(() => i * read()) } return fs.map((f) => f())',
    [0, 2, 4],
  ],
  [
    'classes with private members, accessors and static blocks',
    'class A { static count = 0; static { A.count = 5 } #x; constructor(x) { this.#x = x; A.count++ } get x() { return this.#x } async grow() { this.#x = await w(this.#x); return this } static has(o) { return #x in o } } class B extends A { async grow() { await super.grow(); return super.x } } const b = new B(3); return [await b.grow(), b.x, A.has(b), A.has({}), A.count, b instanceof A]',
    [30, 30, true, false, 6, true],
  ],
  [
    'Maps, Sets, WeakMaps, WeakRefs, Dates, BigInts and symbols',
    'const key = {}, sym = Symbol("s"), m = new Map([[key, 1n << 70n], [NaN, "nan"]]), s = new Set([key]), wm = new WeakMap([[key, "weak"]]), o = { [sym]: 1, [Symbol.for("r")]: 2 }, d = new Date(5); const iterator = m.values(); iterator.next(); await w(1); return [m.get(key) === 2n ** 70n, m.get(NaN), s.has(key), wm.get(key), o[sym], o[Symbol.for("r")], sym.description, d.getTime(), iterator.next().value]',
    [true, 'nan', true, 'weak', 1, 2, 's', 5, 'nan'],
  ],
  [
    'typed arrays that share a buffer, regular expressions, proxies and tagged templates',
    'const buffer = new ArrayBuffer(8), a = new Uint8Array(buffer), d = new DataView(buffer); d.setUint16(2, 0x1234); const re = /(?<n>\\d)/g; re.exec("a1b2"); const seen = []; const p = new Proxy({ q: 1 }, { get: (t, k, r) => { seen.push(String(k)); return Reflect.get(t, k, r) } }); const tag = (s) => s; const f = () => tag`x`; const strings = f(); await w(1); a[3] = 0x35; return [d.getUint16(2), re.exec("a1b2").groups.n, p.q, seen, f() === strings]',
    [0x1235, '2', 1, ['q'], true],
  ],
  [
    'Promise.all',
    'const [a, [b, c]] = await Promise.all([w(1), Promise.all([w(2), w(3)])]); return a + b * 100 + c * 10000',
    302010,
  ],
  [
    'Promise.allSettled and Promise.any with failures',
    'const settled = await Promise.allSettled([w(1), $ext.n.fail("luck")]); const any = await Promise.any([$ext.n.fail(1), w(2)]); return [settled.map((s) => s.value ?? s.reason.message), any]',
    [[10, 'no luck'], 20],
  ],
  [
    'recursion a hundred calls deep',
    'const down = async (n) => n === 0 ? await w(1) : 1 + await down(n - 1); return down(100)',
    110,
  ],
  [
    'jobs that go on between the answers',
    'let ticks = 0; const tick = async () => { for (let i = 0; i < 50; i++) { await null; ticks++ } }; const t = tick(); const x = await w(1); await t; return [x, ticks]',
    [10, 50],
  ],
];

describe('a handler that was suspended goes on with', () => {
  it.each(PROGRAMS)('%s', async (_, source, expected) => {
    const code = `const w = (x) => $ext.n.times10(x); ${source}`;
    for (const pace of ['all at once', 'one by one', 'last first'] satisfies Pace[]) {
      const results = await finish(runtime, await runtime.executeHandler(code, ANYTHING), respond, pace);
      expect(results.length).toBeGreaterThan(1);
      expect(results.at(-1)?.error).toBeUndefined();
      expect(results.at(-1)?.returnValue).toEqual(expected);
    }
  });
});

describe('Promise.race', () => {
  const RACE =
    'const [slow, fast] = [$ext.n.slow(), $ext.n.fast()]; const first = await Promise.race([slow, fast]); $log("won"); const more = await $ext.n.more(); return [first, more, $args === "late" ? await slow : undefined]';

  it('is won by the answer that comes, and the other call goes on waiting', async () => {
    const begun = suspensionOf(await runtime.executeHandler(RACE, ANYTHING));
    const won = await runtime.resumeHandler(begun.suspensionId, [{ callId: 'c2', success: true, value: 'fast' }]);
    const { calls, suspensionId } = suspensionOf(won);
    expect(calls.map(({ callId, method }) => [callId, method])).toEqual([
      ['c1', 'slow'],
      ['c3', 'more'],
    ]);
    const ended = await runtime.resumeHandler(suspensionId, [{ callId: 'c3', success: true, value: 'more' }]);
    expect(ended).toMatchObject({ status: 'success', returnValue: ['fast', 'more', undefined] });
    expect(ended.unawaitedCalls?.map(({ callId }) => callId)).toEqual(['c1']);
  });

  it('takes the answer that lost, later', async () => {
    const begun = suspensionOf(await runtime.executeHandler(RACE, { ...ANYTHING, args: 'late' }));
    const won = await runtime.resumeHandler(begun.suspensionId, [{ callId: 'c2', success: true, value: 'fast' }]);
    const more = await runtime.resumeHandler(suspensionOf(won).suspensionId, [
      { callId: 'c3', success: true, value: 'more' },
    ]);
    const ended = await runtime.resumeHandler(suspensionOf(more).suspensionId, answer('slow'));
    expect(ended.returnValue).toEqual(['fast', 'more', 'slow']);
  });
});

describe('effects', () => {
  it('are those of the segment, each once, in order', async () => {
    const code =
      'for (let i = 0; i < 4; i++) { $state["k" + i] = i; $emit("e", i); $view.scrollTo("list", i); $log("n", i); await $ext.n.times10(i) } $emit("end"); return $state.k3';
    const results = await finish(runtime, await runtime.executeHandler(code, ANYTHING), respond);
    expect(results.map(({ events }) => events.map(({ payload }) => payload))).toEqual([
      [0],
      [1],
      [2],
      [3],
      [undefined],
    ]);
    expect(effectsOf(results)).toEqual({
      stateMutations: [0, 1, 2, 3].map((n) => ({ operation: 'set', key: `k${n}`, value: n })),
      events: [...[0, 1, 2, 3].map((payload) => ({ name: 'e', payload })), { name: 'end', payload: undefined }],
      viewCommands: [0, 1, 2, 3].map((n) => ({ type: 'scrollTo', componentId: 'list', args: [n] })),
      logs: ['n 0', 'n 1', 'n 2', 'n 3'],
    });
    expect(results.at(-1)?.returnValue).toBe(3);
    expect(results.map(({ metrics }) => metrics.hostCalls)).toEqual([5, 5, 5, 5, 1]);
  });
});

describe('handlers that are executed often', () => {
  it('are suspended from an image of their own, and resumed by any worker', async () => {
    const code =
      'const made = `x${"y".repeat(50)}`; let sum = $args; for (let i = 0; i < 3; i++) sum += await $ext.n.times10(i); return [sum, made.length]';
    const begun = await Promise.all(
      Array.from({ length: 40 }, (_, args) => runtime.executeHandler(code, { ...ANYTHING, args })),
    );
    const ended = await Promise.all(begun.map((result) => finish(runtime, result, respond)));
    expect(ended.map((results) => results.at(-1)?.returnValue)).toEqual(
      Array.from({ length: 40 }, (_, args) => [args + 30, 51]),
    );
    expect(runtime.getStats().suspendedExecutions).toBe(0);
  });

  it('are suspended from an image of their own when they are large', async () => {
    const large = `const table = [${Array.from({ length: 4000 }, (_, i) => `"entry ${i}"`).join(',')}]; return [await $ext.n.times10(1), table[3999]]`;
    const results = await finish(runtime, await runtime.executeHandler(large, ANYTHING), respond);
    expect(results.at(-1)?.returnValue).toEqual([10, 'entry 3999']);
  });
});
