import { type Area, combine } from './area.js';

/** What two tasks do; the order of their notes is compared. */
const STEPS: Record<string, string> = {
  'awaits a value': 'note("a"); await 1; note("b"); await 2; note("c");',
  'awaits a promise': 'note("a"); await Promise.resolve(); note("b");',
  'awaits a promise of a promise': 'note("a"); await new Promise((r) => r(Promise.resolve(1))); note("b");',
  'awaits a thenable': 'note("a"); await { then(r) { note("then"); r(1); } }; note("b");',
  'awaits a rejection':
    'try { note("a"); await Promise.reject(new EvalError()); } catch (e) { note(e.name); } note("b");',
  'returns a promise': 'note("a"); return Promise.resolve("r");',
  'returns a value': 'note("a"); return "r";',
  'returns a thenable': 'return { then(r) { note("then"); r("t"); } };',
  throws: 'note("a"); throw new EvalError("t");',
  'awaits an async function': 'const f = async () => { note("f"); }; note("a"); await f(); note("b");',
  'awaits all': 'note("a"); await Promise.all([1, Promise.resolve(2)]); note("b");',
  'awaits in finally': 'try { note("a"); await null; return "try"; } finally { await null; note("finally"); }',
  iterates: 'for await (const x of [1, Promise.resolve(2)]) note(x);',
  'iterates an async generator': 'for await (const x of (async function* () { yield 1; yield 2; })()) note(x);',
  'chains then': 'await Promise.resolve(1).then((x) => { note(x); return Promise.resolve(2); }).then((x) => note(x));',
  'chains finally':
    'await Promise.resolve(1).finally(() => { note("f"); return new Promise((r) => r()); }); note("b");',
  'chains catch': 'await Promise.reject(new EvalError()).catch(() => note("c")).then(() => note("t"));',
};
const OTHERS: Record<string, string> = {
  'beside ticks': 'for (let i = 0; i < 8; i++) { note("tick " + i); await null; }',
  'beside a chain': 'await [1, 2, 3, 4].reduce((p, n) => p.then(() => { note("chain " + n); }), Promise.resolve());',
  'beside promises that resolve each other':
    'let p = Promise.resolve(0); for (let i = 0; i < 3; i++) p = Promise.resolve(p).then((x) => { note("p" + x); return x + 1; }); await p;',
};

const COMBINATORS: Record<string, string> = {
  all: 'Promise.all',
  allSettled: 'Promise.allSettled',
  race: 'Promise.race',
  any: 'Promise.any',
};
const INPUTS: Record<string, string> = {
  values: '[1, "a", null]',
  'promises of different length':
    '[new Promise((r) => Promise.resolve().then(() => r("slow"))), Promise.resolve("quick")]',
  'a rejection among them': '[Promise.resolve(1), Promise.reject(new EvalError("e")), 3]',
  'only rejections': '[Promise.reject(new EvalError("e")), Promise.reject(new RangeError("r"))]',
  thenables: '[{ then(r) { r("t"); } }, { then(_, j) { j(new EvalError("j")); } }]',
  nothing: '[]',
  'what is not iterable': '5',
  'a generator': '(function* () { yield 1; yield Promise.resolve(2); })()',
  'a thenable that resolves twice': '[{ then(r, j) { r(1); r(2); j(3); } }]',
  'a getter then that throws': '[{ get then() { throw new EvalError("get"); } }]',
};

const RULES: Record<string, string> = {
  'the executor throws': 'return await new Promise(() => { throw new EvalError("x"); }).catch((e) => e.name);',
  'resolve wins over throw': 'return await new Promise((r) => { r(1); throw new EvalError(); });',
  'a promise of itself': 'let r; const p = new Promise((x) => { r = x; }); r(p); return await p.catch((e) => e.name);',
  withResolvers:
    'const { promise, resolve, reject } = Promise.withResolvers(); resolve(1); reject(2); return [await promise, typeof resolve, typeof reject];',
  'then without functions':
    'return [await Promise.resolve(1).then(2), await Promise.reject(new EvalError()).then(1, null).catch((e) => e.name)];',
  'finally keeps what was':
    'return [await Promise.resolve(1).finally(() => 2), await Promise.reject(3).finally(() => 4).catch((x) => x), await Promise.resolve(5).finally(() => { throw 6; }).catch((x) => x)];',
  'a subclass':
    'class P extends Promise { get tag() { return "P"; } } const p = P.resolve(1).then((x) => x); return [p.tag, p instanceof P, (await p), P.all([]).tag];',
  'then is looked up once': 'let n = 0; const t = { get then() { n++; return (r) => r("v"); } }; return [await t, n];',
  'await takes then of any object':
    'const f = Object.assign(() => {}, { then: (r) => r("function") }); return await f;',
  'async arrows keep this and arguments':
    'function f() { return (async () => { await null; return [this.a, arguments[1]]; })(); } return await f.call({ a: 1 }, 2, 3);',
  'an async method of a class':
    'class A { #n = 1; async m() { await null; return this.#n; } static async *s() { yield new A().m(); } } const all = []; for await (const x of A.s()) all.push(x); return all;',
  'queueing within a job':
    'const log = []; await Promise.resolve().then(() => { Promise.resolve().then(() => log.push("inner")); log.push("outer"); }); await null; await null; return log;',
  'async parameters that throw reject':
    'const f = async (x = (() => { throw new EvalError(); })()) => x; let threw = "no"; let p; try { p = f(); } catch { threw = "yes"; } return [threw, await p.catch((e) => e.name)];',
};

const HEAD = 'const log = []; const note = (v) => { log.push(v); return v; };';

export const asyncOrder: Area = {
  area: 'the order of asynchronous steps',
  programs: [
    ...combine(STEPS, OTHERS).map(([title, step, other]) => ({
      title: `a task that ${title}`,
      body: `${HEAD} const one = (async () => { ${step} })(); const two = (async () => { ${other} })(); const ends = await Promise.allSettled([one.then((v) => { note("one"); return v; }), two.then(() => note("two"))]); return [ends.map(({ status, value, reason }) => [status, value, reason && reason.name]), log];`,
    })),
    ...combine(COMBINATORS, INPUTS)
      // It waits for ever.
      .filter(([title]) => title !== 'race, nothing')
      .map(([title, combinator, input]) => ({
        title: `Promise.${title}`,
        body: `${HEAD} const p = ${combinator}(${input}); const ticks = (async () => { for (let i = 0; i < 6; i++) { await null; note(i); } })(); let result; try { result = await p; note("settled"); } catch (e) { note("rejected"); result = [e.name, e.errors && e.errors.map((x) => x.name)]; } await ticks; return [result, log];`,
      })),
    ...Object.entries(RULES).map(([title, body]) => ({ title: `promises: ${title}`, body })),
  ],
};
