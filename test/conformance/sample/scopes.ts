import { type Area, combine, type SampleProgram } from './area.js';

/** Parameters that are captured, and how the body uses them. */
const PARAMETERS: Record<string, string> = {
  'a default that captures': '(n = 0, get = () => n)',
  'a default that changes': '(n = 0, get = () => ++n)',
  'a pattern that captures': '({ n = 0, get = () => n } = {})',
  'an array pattern that captures': '([n = 0, get = () => n] = [])',
  'rest that is captured': '(n = 1, get = () => n, ...rest)',
  'one parameter that captures another behind it': '(get = () => n, n = 0)',
};
const BODIES: Record<string, string> = {
  reads: 'return [n, get(), n];',
  assigns: 'n = 5; return [n, get(), n];',
  'assigns after a call': 'const first = get(); n = 7; return [first, get(), n];',
  increments: 'n++; n += 2; return [get(), n];',
  'captures, too': 'const own = () => n; n = 3; return [own(), get(), own()];',
  'declares with var': 'var n; const was = n; n = 9; return [was, get(), n];',
  'assigns in a closure': '(() => { n = 4; })(); return [n, get()];',
  'has arguments': 'n = 6; return [get(), arguments.length, arguments[0]];',
  awaits: 'n = 2; await null; return [get(), n];',
  'is destructured into': '[n] = [8]; return [get(), n];',
};
const KINDS: Record<string, (parameters: string, body: string, async: string) => string> = {
  'a function': (parameters, body, async) => `${async} function f${parameters} { ${body} }`,
  'an arrow': (parameters, body, async) => `const f = ${async} ${parameters} => { ${body} };`,
  'a method': (parameters, body, async) => `const f = (...a) => ({ ${async} m${parameters} { ${body} } }).m(...a);`,
};

const RULES: Record<string, string> = {
  'hoisting of functions':
    'const was = typeof f; function f() { return 1; } var g = f; function f() { return 2; } return [was, f(), g()];',
  'functions in blocks': 'const was = typeof f; { function f() { return 1; } } return [was, typeof f];',
  'functions in blocks, strict': '"use strict"; { function f() {} } return typeof f;',
  'let before its declaration':
    'const out = []; try { x; } catch (e) { out.push(e.name); } try { typeof x; } catch (e) { out.push(e.name); } let x; return [out, x];',
  'closures see the declaration later': 'const f = () => x; let x = 1; return f();',
  'const cannot be assigned':
    'const x = 1; const out = []; for (const g of [() => { x = 2; }, () => { x++; }, () => { [x] = [3]; }]) try { g(); } catch (e) { out.push(e.name); } return [out, x];',
  'shadowing in blocks': 'let x = 1; { let x = 2; { let x = 3; } x++; } return x;',
  'catch variables': 'var e = 1; try { throw 2; } catch (e) { var e = 3; } return e;',
  'the name of a function expression':
    'const f = function g() { try { g = 1; } catch (e) { return e.name; } return typeof g; }; return [f(), typeof g];',
  'the name of a function expression, strict':
    '"use strict"; return (function g() { try { g = 1; } catch (e) { return e.name; } })();',
  'arguments and parameters, sloppy':
    'function f(a) { arguments[0] = 2; const x = a; a = 3; return [x, arguments[0], arguments.length]; } return [f(1), f()];',
  'arguments and parameters, strict':
    'function f(a) { "use strict"; arguments[0] = 2; return [a, arguments[0]]; } return f(1);',
  'arguments with defaults':
    'function f(a, b = 2) { a = 9; return [arguments.length, arguments[0], f.length]; } return f(1);',
  this: 'function f() { return typeof this; } function s() { "use strict"; return typeof this; } return [f.call(1), s.call(1), f.call(null) === "object", s.call(null), (() => typeof this)()];',
  bind: 'function f(...a) { return [this.x, a, new.target !== undefined]; } const b = f.bind({ x: 1 }, 2); return [b(3), b.name, b.length, new b(4) instanceof f, b.call({ x: 9 })];',
  'call and apply':
    'const f = (...a) => a.length; const out = [f.apply(null, { length: 2 }), f.apply(null, null), f.call()]; try { f.apply(null, 1); } catch (e) { out.push(e.name); } return out;',
  'names of functions':
    'const a = () => {}; const o = { b() {}, c: () => {}, ["d" + 1]: function () {}, get e() { return 1; }, [Symbol("f")]: class {} }; const { g = () => {} } = {}; return [a.name, o.b.name, o.c.name, o.d1.name, Object.getOwnPropertyDescriptor(o, "e").get.name, o[Object.getOwnPropertySymbols(o)[0]].name, g.name, (() => {}).name];',
  'lengths of functions':
    'return [(a, b) => 1, (a, b = 1, c) => 1, (...a) => 1, ({ a }, [b]) => 1, function () {}].map((f) => f.length);',
  'closures share their variable':
    'const make = () => { let n = 0; return [() => n++, () => n]; }; const [inc, get] = make(); inc(); inc(); const [, other] = make(); return [get(), other()];',
  'recursion by name and value':
    'const fact = (n) => (n < 2n ? 1n : n * fact(n - 1n)); return [fact(25n), (function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); })(15)];',
  with: 'const o = { a: 1 }; var b = 2; with (o) { a = 5; b = 6; var c = a; } return [o, b, c];',
  'labels and blocks': 'const log = []; a: { b: { log.push(1); break a; } log.push(2); } log.push(3); return log;',
  'switch falls through':
    'return [0, 1, 2, 3, "1"].map((x) => { const log = []; switch (x) { case 0: log.push("zero"); case 1: log.push("one"); break; default: log.push("default"); case 2: log.push("two"); } return log.join(); });',
  'switch has one scope': 'switch (1) { case 0: let x = 5; break; case 1: try { x; } catch (e) { return e.name; } }',
  'comma, void and in':
    'return [(1, 2), void 0, "a" in { a: 1 }, !("b" in {}), (() => { for (var i = 0, j = 5; i < j; i++, j--); return [i, j]; })()];',
  'optional chaining':
    'const o = { a: { b: () => 1 }, n: null }; const log = []; return [o?.a?.b?.(), o.n?.x.y.z, o.x?.(log.push(1)), o?.["a"]?.b(), delete o?.a, o.n?.[log.push(2)], log];',
  'optional chaining keeps this':
    'const o = { v: 1, f() { return this.v; } }; return [o?.f(), o.f?.(), (o?.f)(), o?.["f"]?.()];',
  'logical assignment is lazy':
    'const log = []; const o = { get a() { log.push("get"); return 1; }, set a(v) { log.push("set"); } }; o.a ||= log.push("x"); o.a ??= log.push("y"); o.a &&= 2; return log;',
  exponentiation: 'return [2 ** 3 ** 2, (-2) ** 2, 2 ** -1, (() => { let x = 3; x **= 2; return x; })()];',
  'increment of members':
    'const o = { x: "5" }; const log = []; const k = { toString() { log.push("k"); return "x"; } }; return [o[k]++, ++o[k], o.x--, o.x, log.length];',
  delete:
    '"use strict"; const out = []; const o = { a: 1 }; out.push(delete o.a, delete o.b); try { delete Object.freeze([1])[0]; } catch (e) { out.push(e.name); } return out;',
  'tagged templates':
    'const tag = (s, ...v) => [[...s], [...s.raw], v]; return [tag`a${1}\\n${2}b`, tag`\\unicode`, tag``, String.raw`\\n${1}`];',
  'templates are cached by place': 'const id = (s) => s; const f = () => id`a`; return [f() === f(), id`a` === id`a`];',
  'templates convert in order':
    'const log = []; const v = (n) => (log.push("e" + n), { toString() { log.push("s" + n); return n; } }); const t = `${v("1")}${v("2")}-${v("3")}`; return [t, log];',
  'getters and setters on classes and objects':
    'const o = { _x: 1, get x() { return this._x; }, set x(v) { this._x = v * 2; } }; o.x = 5; const c = Object.create(o); c.x = 1; return [o.x, c.x, Object.keys(c)];',
  __proto__:
    'const o = { __proto__: { a: 1 } }; const p = { ["__proto__"]: 1 }; const q = { "__proto__": null }; return [o.a, Object.keys(o), Object.keys(p), Object.getPrototypeOf(q)];',
  'numeric keys in order':
    'return Object.keys({ b: 1, 10: 1, 9: 1, "-1": 1, "01": 1, a: 1, 4294967295: 1, 4294967294: 1 });',
  errors:
    'const e = new RangeError("m", { cause: 1 }); const a = new AggregateError([1, 2], "all"); return [String(e), e.cause, Object.keys(e), e instanceof Error, a.errors, a.message, Object.prototype.toString.call(e), new Error(undefined).hasOwnProperty("message"), Error("x") instanceof Error];',
  'errors of subclasses':
    'class E extends Error { name = "E"; constructor(m, code) { super(m); this.code = code; } } try { throw new E("m", 5); } catch (e) { return [String(e), e.code, e instanceof E, Object.keys(e)]; }',
  'error text':
    'const t = (n, m) => Error.prototype.toString.call({ name: n, message: m }); return [t("", "m"), t("n", ""), t(undefined, undefined), t("n", "m")];',
  'what a stack begins with':
    'return [new TypeError("abc").stack.split("\\n")[0], new (class X extends Error {})("m").stack.split("\\n")[0]];',
  captureStackTrace: 'const o = {}; Error.captureStackTrace(o); return typeof o.stack;',
  'throwing anything':
    'return [1, "a", null, undefined, {}, Symbol.iterator].map((v) => { try { throw v; } catch (e) { return e === v; } });',
  'recursion ends': 'let n = 0; try { (function f() { n++; f(); })(); } catch (e) { return [e.name, n > 100]; }',
  'sort is stable':
    'return Array.from({ length: 60 }, (_, i) => [i % 4, i]).sort((a, b) => a[0] - b[0]).every(([k, i], j, all) => j === 0 || all[j - 1][0] < k || all[j - 1][1] < i);',
  'sort compares each pair':
    'let equal = 0; [5, 5, 5].sort((a, b) => { if (a === b) equal++; return 0; }); return equal > 0;',
  'a comparator that lies': 'return [3, 1, 2].sort(() => 1).length;',
  'holes and undefined in sort': 'return [, 3, undefined, 1, , "b"].sort();',
  globalThis:
    'globalThis.zzz = 1; const out = [typeof zzz, "zzz" in globalThis, delete globalThis.zzz, typeof zzz]; return out;',
  'assignment to what is not declared':
    'qqq = 5; const out = [qqq, delete globalThis.qqq]; try { (() => { "use strict"; rrr = 1; })(); } catch (e) { out.push(e.name); } return out;',
  asi: 'const a = 1\nconst b = 2\n;[a, b].length\nconst f = () => {\n  return\n  1\n}\nlet c = a\n++c\nreturn [f(), c]',
  'comments and odd tokens':
    'const a /* x */ = 1 // y\nconst b = a <!--a\n;return [a, typeof b, "\\u{41}", \'\\x41\', `\\u0041`, 1_0]',
  'unicode names': 'const \\u0061bc = 1, ñ = 2, 变量 = 3, \\u{62} = 4; return [abc, ñ, 变量, b];',
  'keywords as names':
    'const o = { class: 1, if: 2, get: 3, set: 4, static: 5, async: 6, await: 7, of: 8 }; const { class: c, ...r } = o; let of = 1, async = 2, get = 3; return [c, r, of, async, get];',
  'async as a name': 'var async = (x) => x; return [async(1), async (2), typeof async];',
};

const HELPER_SOURCES: Record<string, string> = {
  'an array': '[1, 2, 3, 4].values()',
  'a Map': 'new Map([[1, 2], [3, 4], [5, 6]]).keys()',
  'a Set': 'new Set([1, 2, 3]).values()',
  'a generator': '(function* () { try { yield 1; yield 2; yield 3; } finally { log.push("closed"); } })()',
  'an iterator of ours':
    'Iterator.from({ i: 0, next() { return { done: this.i > 3, value: this.i++ }; }, return() { log.push("return"); return {}; } })',
  'a text': '"a\\ud83d\\ude00b"[Symbol.iterator]()',
};
const HELPERS = [
  'map((x) => [x])',
  'filter((x) => x !== 2)',
  'take(2)',
  'drop(1)',
  'flatMap((x) => [x, x])',
  'map((x, i) => i).filter((i) => i % 2).take(1)',
  'map(() => { throw new EvalError(); })',
  'take(0)',
  'drop(9)',
  'take(-1)',
  'take(NaN)',
  'flatMap((x) => x)',
];
const ENDS: Record<string, string> = {
  toArray: '.toArray()',
  find: '.find((x) => x !== 0)',
  some: '.some((x) => x === 2)',
  every: '.every((x) => x < 2)',
  reduce: '.reduce((a, b) => [a, b])',
  forEach: '.forEach((x, i) => log.push([x, i]))',
  spread: '',
  'first of it': 'FIRST',
  'returned early': 'RETURN',
};
const ended = (expression: string, end: string) =>
  end === ''
    ? `[...${expression}]`
    : end === 'FIRST'
      ? `(() => { for (const x of ${expression}) return x; })()`
      : end === 'RETURN'
        ? `(() => { const i = ${expression}; return [i.next(), i.return(), i.next()]; })()`
        : `${expression}${end}`;

const helpers: SampleProgram[] = combine(Object.fromEntries(HELPERS.map((h) => [h, h])), HELPER_SOURCES, ENDS).map(
  ([title, helper, source, end]) => ({
    title: `iterator helpers: ${title}`,
    body: `const log = []; let result; try { result = ${ended(`${source}.${helper}`, end)}; } catch (e) { result = e.name; } return [result, log];`,
    needs: 'Iterator.prototype.map',
  }),
);

export const scopes: Area = {
  area: 'scopes, functions, syntax and iterator helpers',
  programs: [
    ...combine(PARAMETERS, BODIES, KINDS)
      .filter(([title]) => !/arrow, |arguments, an arrow/.test(title))
      .map(([title, parameters, body, kind]) => ({
        title: `parameters: ${title}`,
        body: `${kind(parameters, body, /await/.test(body) ? 'async' : '')} const ended = async (g) => { try { return await g(); } catch (e) { return e.name; } }; return [await ended(() => f()), await ended(() => f(1))];`,
      })),
    ...Object.entries(RULES).map(([title, body]) => ({ title: `rules: ${title}`, body })),
    ...helpers,
  ],
};
