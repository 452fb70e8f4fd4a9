import type { Case } from './case.js';

const type = (message: string, line: number, column?: number) => ({
  code: 'EXECUTION_ERROR',
  message: `TypeError: ${message}`,
  line,
  ...(column !== undefined && { column }),
  with: { name: 'TypeError' },
});

/** What the engine says of an expression without naming it. */
export const WHICH: readonly Case[] = [
  {
    name: 'a method that is not there',
    source: 'const user = { profile: {} };\nreturn user.profile.getName();',
    error: type('user.profile.getName is not a function', 2, 28),
  },
  {
    name: 'a method of what a constructor gives',
    source: "return new Date().format('x')",
    error: type('new Date().format is not a function', 1, 25),
  },
  {
    name: 'a value that is constructed',
    source: 'const fn = 3;\nnew fn()',
    error: type('fn is not a constructor', 2),
  },
  {
    name: 'a value that is constructed without arguments',
    source: 'const fn = 3;\nreturn new fn',
    error: type('fn is not a constructor', 2),
  },
  {
    name: 'a member of undefined',
    source: 'const order = $args.order;\nreturn order.lines',
    context: { args: {} },
    error: type("cannot read properties of undefined (reading 'lines'), of order.lines", 2, 13),
  },
  {
    name: 'a member of null that is set',
    source: 'const o = { user: null };\no.user.name = 5',
    error: type("cannot set properties of null (setting 'name'), of o.user.name", 2),
  },
  {
    name: 'a member by a key',
    source: "const rows = {};\nconst k = 'a';\nreturn rows.items[k].id",
    error: type('cannot read properties of undefined, of rows.items[k]', 3),
  },
  {
    name: 'a member of what await gives',
    source: '\nreturn (await null).name',
    error: type("cannot read properties of null (reading 'name'), of (await null).name", 2),
  },
  {
    name: 'a chain over lines with comments',
    source: "const o = {};\nreturn o // don't\n  .a /* ( */\n  .b()",
    error: type("cannot read properties of undefined (reading 'b'), of o.a.b", 4),
  },
  {
    name: 'an optional chain that goes on',
    source: 'const o = { a: {} };\nreturn o?.a?.b.c',
    error: type("cannot read properties of undefined (reading 'c'), of o?.a?.b.c", 2),
  },
  {
    name: 'an optional call of what is no function',
    source: 'const o = { f: 5 };\no.f?.(1)',
    error: type('o.f is not a function', 2),
  },
  {
    name: 'a call with long arguments',
    source: `const list = { map: (f) => 5 };\nreturn list.map((x) => { return x + ${'1 + '.repeat(30)}1 }).join(', ')`,
    error: type('list.map(…).join is not a function', 2),
  },
  {
    name: 'a method of a text, an array and a number',
    source: "\n'abc'.foo()",
    error: type("'abc'.foo is not a function", 2),
  },
  { name: 'a method of a literal array', source: '\n[1, 2].foo()', error: type('[1, 2].foo is not a function', 2) },
  { name: 'an expression in brackets', source: '\n(1 + 2)()', error: type('(1 + 2) is not a function', 2) },
  {
    name: 'an expression in brackets behind a condition',
    source: '\nif (true) (1 + 2)()',
    error: type('(1 + 2) is not a function', 2),
  },
  { name: 'what a call gives', source: '\n(() => 5)()()', error: type('(() => 5)() is not a function', 2) },
  {
    name: 'a method of super',
    source: '\nclass A { m() { super.foo() } }\nnew A().m()',
    error: type('super.foo is not a function', 2),
  },
  { name: 'a template that is tagged', source: '\nconst x = 5; x`a`', error: type('x is not a function', 2) },
  {
    name: 'a text with brackets in it',
    source: "\nconst o = {}; o['(b'].c()",
    error: type("cannot read properties of undefined (reading 'c'), of o['(b'].c", 2),
  },
  {
    name: 'a regular expression with brackets in it',
    source: '\n/[(]/.foo()',
    error: type('/[(]/.foo is not a function', 2),
  },
  {
    name: 'what a loop goes through',
    source: 'const o = {};\nfor (const x of o.items) {}',
    error: type('o.items is undefined, and not iterable', 2),
  },
  {
    name: 'what a loop goes through and is no list',
    source: 'const o = { items: {} };\nfor (const x of o.items) {}',
    error: type('o.items is not iterable', 2),
  },
  {
    name: 'what is spread',
    source: 'const o = {};\nMath.max(...o.items)',
    error: type('o.items is undefined, and not iterable', 2),
  },
  {
    name: 'an array pattern',
    source: 'const o = {};\nconst [a] = o.pair;',
    error: type('o.pair is undefined, and not iterable', 2),
  },
  {
    name: 'an object pattern',
    source: 'const o = {};\nconst { a } = o.user;',
    error: type('cannot destructure { a }: o.user is undefined or null', 2),
  },
  {
    name: 'an object pattern as a parameter',
    source: 'const f = ({ a }) => a;\nf()',
    error: type('cannot destructure { a }: it is given undefined or null', 1),
  },
  {
    name: 'an array pattern as a parameter',
    source: '\nfunction f([a]) {}\nf()',
    error: type('cannot destructure [a]: it is given undefined', 2),
  },
  { name: 'a callback that is none', source: '\n[1].map(5)', error: type('not a function, in a call of [1].map', 2) },
  {
    name: 'entries that are none',
    source: '\nnew Map({})',
    error: type('value is not iterable, in a call of new Map', 2),
  },
  {
    name: 'a member that is deleted',
    source: 'const o = {};\ndelete o.a.b',
    error: type('cannot delete properties of o.a: it is undefined or null', 2),
  },
  {
    name: 'an error of the handler in the words of the engine',
    source: "\nthrow new TypeError('not a function')",
    error: type('not a function', 2),
  },
  {
    name: 'an expression of TypeScript',
    filename: 'order.ts',
    source: 'const order = {} as { lines?: { x: { f(): void } } };\norder.lines!.x.f()',
    error: type("cannot read properties of undefined (reading 'x'), of order.lines!.x", 2),
  },
  {
    name: 'the cause of an error',
    source: "try {\n  null.x\n} catch (cause) {\n  throw new Error('outer', { cause })\n}",
    error: {
      message: 'Error: outer',
      line: 4,
      with: {
        cause: {
          name: 'TypeError',
          message: "cannot read properties of null (reading 'x'), of null.x",
          location: { line: 2 },
        },
      },
    },
  },
];
