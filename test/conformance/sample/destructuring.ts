import { type Area, combine } from './area.js';

const LOG = `const log = []; const note = (v) => { log.push(v); return v; };
const seen = (name, o) => new Proxy(o, { get: (t, k) => { note(name + '.' + String(k)); return t[k]; }, ownKeys: (t) => { note('keys'); return Reflect.ownKeys(t); } });
const list = (n) => ({ [Symbol.iterator]() { let i = 0; return { next() { note('next'); return { done: i >= n, value: i++ }; }, return() { note('return'); return {}; } }; } });`;

/** Patterns of the variables a and b. */
const OBJECTS: Record<string, string> = {
  shorthand: '{ a, b }',
  renamed: '{ x: a, y: b }',
  'with defaults': '{ a = note("default a"), b = note("default b") }',
  'computed keys': '{ [note("a")]: a, [note("x")]: b = 9 }',
  nested: '{ n: { a }, m: { b } = { b: 5 } }',
  rest: '{ a, ...b }',
  'a default that uses what came before': '{ a, b = [a, a] }',
  'of an array inside': '{ list: [a, , b] }',
};
const ARRAYS: Record<string, string> = {
  'two items': '[a, b]',
  'a hole': '[, a, , b]',
  defaults: '[a = note("default a"), , , b = note("default b")]',
  rest: '[a, ...b]',
  'a pattern in rest': '[a, ...[b]]',
  nested: '[[a], { length: b } = "xyz"]',
  'nothing behind the last': '[a, b = a, ]',
};

const OBJECT_SOURCES: Record<string, string> = {
  'all there': 'seen("o", { a: 1, b: 2, x: 3, y: 4, n: { a: 5 }, m: { b: 6 }, list: [7, 8, 9] })',
  'undefined in it': '{ a: undefined, b: null, x: undefined, y: null, n: { a: undefined }, m: undefined, list: [] }',
  inherited:
    'Object.create({ a: 1, b: 2, x: 3, y: 4, n: { a: 5 }, list: [1] }, { own: { value: 1, enumerable: true } })',
  'a text': '"ab"',
  nothing: 'null',
};
const ARRAY_SOURCES: Record<string, string> = {
  'an array': '[[1, 2], "text", , 3, 4]',
  'a long iterator':
    '{ [Symbol.iterator]: () => { const i = list(9)[Symbol.iterator](); return { next: () => { const r = i.next(); r.value = [r.value]; return r; }, return: () => i.return() }; } }',
  'a short iterator': 'list(1)',
  'a text': '"héllo"',
  'a Map': 'new Map([["k", [1]], ["l", 2]])',
  'what is not iterable': '{}',
};

type Place = (pattern: string, source: string) => string;
const PLACES: Record<string, Place> = {
  declared: (pattern, source) => `const ${pattern} = ${source}; return [a, b];`,
  assigned: (pattern, source) => `let a, b; const result = (${pattern} = ${source}); return [a, b, typeof result];`,
  'assigned to members': (
    pattern,
    source,
  ) => `const t = { set a(v) { note("set a"); this.A = v; }, get b() { return this.B; }, set b(v) { note("set b"); this.B = v; } };
    (${pattern
      .replaceAll(/\b(a|b)\b(?!:|["\]])/g, (name) => `t.${name}`)
      .replace(/\{ t\.a, /, '{ a: t.a, ')
      .replace(/\{ t\.a\b(?! [,}=])/, '{ a: t.a')} = ${source}); return [t.A, t.B];`,
  'as a parameter': (pattern, source) =>
    `const f = function (${pattern}, last = note("last")) { return [a, b, f.length]; }; return f(${source});`,
  'in a for of head': (pattern, source) =>
    `const fs = []; for (let ${pattern} of [${source}, ${source}]) fs.push(() => [a, b]); return fs.map((f) => f());`,
  'in a catch': (pattern, source) => `try { throw ${source}; } catch (${pattern}) { return [a, b]; }`,
  'as an arrow, async': (pattern, source) =>
    `const f = async (${pattern}) => { await null; return [a, b]; }; return await f(${source});`,
};

/** Shorthand has no member form. */
const isSound = (title: string) =>
  !/(shorthand|with defaults|nested|rest|a default that uses|computed).*assigned to members/.test(title) ||
  /renamed/.test(title);
const wrap = (body: string) =>
  `${LOG}\nlet result; try { result = await (async () => { ${body} })(); } catch (e) { result = e.name; } return [result, log];`;

const programs = [
  ...combine(OBJECTS, OBJECT_SOURCES, PLACES).map(([title, ...rest]) => ({
    title: `an object pattern, ${title}`,
    rest,
  })),
  ...combine(ARRAYS, ARRAY_SOURCES, PLACES).map(([title, ...rest]) => ({ title: `an array pattern, ${title}`, rest })),
];

export const destructuring: Area = {
  area: 'destructuring',
  programs: programs
    .filter(({ title }) => isSound(title))
    .map(({ title, rest: [pattern, source, place] }) => ({ title, body: wrap(place(pattern, source)) })),
};
