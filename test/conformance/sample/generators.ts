import { type Area, combine } from './area.js';

const BODIES: Record<string, string> = {
  'yields in a loop': 'for (let i = 0; i < 3; i++) note(yield i);',
  'yields in try and catch': 'try { note(yield 1); } catch (e) { note(e && e.name); yield "caught"; } yield "after";',
  'yields in finally': 'try { yield 1; } finally { note("finally"); yield 2; note("ended"); } return 3;',
  'returns in finally': 'try { yield 1; } finally { return "over"; }',
  'delegates to a list': 'note(yield* [1, 2]); yield 3;',
  'delegates to a generator':
    'const inner = function* () { try { note(yield 1); return "inner"; } finally { note("inner finally"); } }; note(yield* inner()); yield 2;',
  'delegates to an iterator without throw':
    'note(yield* { [Symbol.iterator]: () => ({ next: (v) => ({ done: v === "end", value: v }), return: () => { note("return"); return {}; } }) });',
  'yields in arguments': 'note([yield 1, yield 2].join()); return (yield 3) + (yield 4);',
  'yields in a template': 'return `a${yield 1}b${yield 2}c`;',
  'yields in a condition': 'if (yield 1) note("yes"); else note("no"); return (yield 2) ? (yield 3) : (yield 4);',
  'yields in a computed key': 'return { [yield "key"]: yield "value" };',
  'yields in the head of a loop': 'for (const x of yield "list") note(yield x); return "end";',
  'yields in a switch': 'switch (yield 1) { case yield 2: note("second"); break; default: note("default"); } return 5;',
  'yields in a default value': 'const { a = yield 1, b = yield 2 } = { b: 9 }; return [a, b];',
};
const DRIVES: Record<string, string> = {
  'only next': 'drive(["next"], ["next", "v1"], ["next", "v2"], ["next", [7, 8]], ["next"], ["next"])',
  'values of a list': 'drive(["next"], ["next", ["p", "q"]], ["next", 2], ["next", 3], ["next", 4], ["next", 5])',
  'return at once': 'drive(["return", "r"], ["next"], ["throw", new EvalError("t")])',
  'return in the middle': 'drive(["next"], ["return", "r"], ["next", "v"], ["next"])',
  'throw at once': 'drive(["throw", new EvalError("t")], ["next"])',
  'throw in the middle': 'drive(["next"], ["throw", new EvalError("t")], ["next"], ["next"])',
  'return twice': 'drive(["next"], ["return", 1], ["return", 2], ["next"])',
  spread: '[...g()]',
};
const HEAD = 'const log = []; const note = (v) => { log.push(v); return v; };';
const DRIVE = `const drive = (...steps) => { const i = g(); return steps.map(([how, v]) => { try { const { value, done } = i[how](v); return [value, done]; } catch (e) { return e && e.name; } }); };`;
const ASYNC_DRIVE = `const drive = async (...steps) => { const i = g(); return (await Promise.allSettled(steps.map(([how, v]) => i[how](v)))).map(({ value, reason }) => (value ? [value.value, value.done] : reason && reason.name)); };`;

/** An iterator without `throw`, told to throw by `yield*` of an async generator: the standard was changed in this. */
const THROWS_INTO_SYNC = /^delegates to (?:a list|an iterator without throw), throw in the middle$/;
const NEWER_V8 = 'typeof Float16Array === "function"';

const RULES: Record<string, string> = {
  'a running generator cannot be entered':
    'let i; function* g() { try { i.next(); } catch (e) { yield e.name; } } i = g(); return i.next();',
  'arguments live on': 'function* g(a) { a = 2; yield arguments[0]; arguments[0] = 3; yield a; } return [...g(1)];',
  'this and new.target':
    'function* g() { yield typeof this; yield new.target; } try { new g(); } catch (e) { return [e.name, ...g.call(1)]; }',
  prototypes:
    'function* g() {} const i = g(); return [Object.getPrototypeOf(i) === g.prototype, i[Symbol.iterator]() === i, Object.prototype.toString.call(i)];',
  'methods and shorthands':
    'const o = { *a() { yield 1; }, *[Symbol.iterator]() { yield* this.a(); yield 2; }, async *c() { yield 3; } }; const all = [...o]; for await (const x of o.c()) all.push(x); return all;',
  'parameters are evaluated at the call':
    'const log = []; function* g(a = log.push("default")) { log.push("body"); } const i = g(); log.push("made"); i.next(); return log;',
  'closures in each round':
    'function* g() { for (let i = 0; i < 3; i++) yield () => i; } return [...g()].map((f) => f());',
  'an infinite one is left':
    'function* g() { let n = 0; try { for (;;) yield n++; } finally { log.push("closed"); } } const log = []; const [a, b] = g(); return [a, b, log];',
  'deep delegation':
    'function* tree(n) { if (n > 0) { yield* tree(n - 1); yield n; yield* tree(n - 1); } } return [...tree(4)].join("");',
  'async delegation awaits':
    'async function* a() { yield Promise.resolve(1); return 2; } async function* b() { const r = yield* a(); yield [r]; } const all = []; for await (const x of b()) all.push(x); return all;',
  'async requests queue':
    'const log = []; async function* g() { log.push("start"); const x = yield 1; log.push(x); yield 2; } const i = g(); const all = [i.next("a"), i.next("b"), i.next("c"), i.return("d")]; log.push("asked"); return [await Promise.all(all), log];',
  'async return awaits its value':
    'async function* g() { yield 1; } const i = g(); await i.next(); return [await i.return(Promise.resolve("r")), await i.next()];',
  'async throw before the start':
    'async function* g() { yield 1; } const i = g(); return [await i.throw(new EvalError()).catch((e) => e.name), await i.next()];',
  'a rejected promise that is yielded':
    'async function* g() { try { yield Promise.reject(new EvalError()); } catch (e) { yield "caught " + e.name; } } const i = g(); return [await i.next(), await i.next()];',
};

export const generators: Area = {
  area: 'generators',
  programs: [
    ...combine(BODIES, DRIVES)
      // It ends when it is told to, and a spread tells it nothing.
      .filter(([title]) => title !== 'delegates to an iterator without throw, spread')
      .flatMap(([title, body, drive]) => [
        {
          title: `a generator ${title}`,
          body: `${HEAD} function* g() { ${body} } ${DRIVE} const result = ${drive}; return [result, log];`,
        },
        {
          title: `an async generator ${title}`,
          ...(THROWS_INTO_SYNC.test(title) ? { needs: NEWER_V8 } : {}),
          body: `${HEAD} async function* g() { ${body} } ${ASYNC_DRIVE} const result = ${drive.startsWith('[') ? 'await (async () => { const all = []; for await (const x of g()) all.push(x); return all; })()' : `await ${drive}`}; return [result, log];`,
        },
      ]),
    ...Object.entries(RULES).map(([title, body]) => ({ title: `generators: ${title}`, body })),
  ],
};
