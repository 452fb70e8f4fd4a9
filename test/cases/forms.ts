import type { Case } from './case.js';

const containing = (part: string) => ({ asymmetricMatch: (value: unknown) => String(value).includes(part) });

/** Handlers that are a function or a module. */
export const FORMS: readonly Case[] = [
  // As authors and language models write them.
  {
    name: 'an arrow function as the whole program is called',
    source: 'async (args) => args.x * 2',
    context: { args: { x: 21 } },
    value: 42,
  },
  {
    name: 'so is a function',
    source: 'function handler(args) { return args.x + 1 }',
    context: { args: { x: 1 } },
    value: 2,
  },
  {
    name: 'export default',
    source: 'export default async function (args) { return args.x * 3 }',
    context: { args: { x: 2 } },
    value: 6,
  },
  { name: 'a parameter without parentheses', source: 'x => x + 1', context: { args: 1 }, value: 2 },
  { name: 'a function in parentheses', source: '// adds\n/* one */ ((x) => x + 1);', context: { args: 1 }, value: 2 },
  {
    name: 'an async function with a name',
    source: 'async function f(x) { return x }\n',
    context: { args: 3 },
    value: 3,
  },
  {
    name: 'behind a byte order mark and a hashbang',
    source: '\ufeff#!/usr/bin/env node\n(x) => x',
    context: { args: 4 },
    value: 4,
  },
  {
    name: 'ctx has what the globals have',
    source:
      '(args, ctx) => [ctx.args === $args, ctx.state === $state, ctx.scope === $scope, ctx.emit === $emit, ctx.view === $view, ctx.ext === $ext, ctx.log === $log, ctx.lib === $lib, Object.keys(ctx).length]',
    context: { args: {}, scope: [], stateSnapshot: { a: 1 } },
    value: [true, true, true, true, true, true, true, true, 8],
  },
  {
    name: 'a function may be sloppy, as a body',
    source: 'function f() { return [this === globalThis, arguments.length] }',
    value: [true, 2],
  },
  { name: 'a module is strict', source: 'export default function () { return this === undefined }', value: true },
  { name: 'an exported value', source: 'export default { a: [1, 2] }', value: { a: [1, 2] } },
  { name: 'an exported value in parentheses', source: 'export default ((1), (2)) // two\n;[3].map(String)', value: 2 },
  {
    name: 'comments between the words',
    source: 'export // a\n/* b */ default (x) => x',
    context: { args: 1 },
    value: 1,
  },
  {
    name: 'await at the top level',
    source: 'const a = await Promise.resolve(2);\nexport default () => a + 1;',
    value: 3,
  },
  {
    name: 'a module that declares the names of globals',
    source: 'const $args = 1, ctx = 2, args = 3;\nexport default (a, { scope }) => [a, scope, $args, ctx, args];',
    context: { args: 'a', scope: 's' },
    value: ['a', 's', 1, 2, 3],
  },
  {
    name: 'a function that is used before it',
    source: 'const a = f(1);\nexport default function f(x) { return x === 1 ? 2 : a }',
    value: 2,
  },
  {
    name: 'a default export without a semicolon',
    source: 'export default function () { return [1] }\n(5)',
    value: [1],
  },
  {
    name: 'an entry point',
    source: 'export const onUpdate = ({ x }) => x * 2;\nexport default 1;',
    context: { args: { x: 4 } },
    entry: 'onUpdate',
    value: 8,
  },
  {
    name: 'the default export by its name',
    source: 'export const a = 1;\nexport { b as default };\nfunction b() { return 2 }',
    entry: 'default',
    value: 2,
  },
  {
    name: 'exports of patterns',
    source: 'export const { a, b: [c = 7], ...d } = { a: 1, b: [], e: 2 };',
    entry: 'c',
    value: 7,
  },
  {
    name: 'an export with a name in quotes',
    source: 'const f = () => 9;\nexport { f as "on update" };',
    entry: 'on update',
    value: 9,
  },
  { name: 'a value that changes', source: 'export let n = 1;\nn = 2;', entry: 'n', value: 2 },
  {
    name: 'a word in a text makes no module',
    source: 'return "so; export default () => 1"',
    value: 'so; export default () => 1',
  },
  { name: 'a property makes no module', source: 'const o = { export: 1 };\nreturn o\n. export', value: 1 },
  { name: 'several functions are a body', source: 'function a() { return 1 }\nfunction b() {}', value: undefined },
  { name: 'a function that is called is a body', source: '(() => 1)()', value: undefined },
  { name: 'an expression in parentheses is a body', source: '(1)', value: undefined },
  {
    name: 'an error in a function',
    source: '(args) =>\n  args.user.name',
    context: { args: {} },
    error: {
      message: "TypeError: cannot read properties of undefined (reading 'name'), of args.user.name",
      line: 2,
      column: 12,
      with: {
        stack:
          "TypeError: cannot read properties of undefined (reading 'name'), of args.user.name\n    at default (handler.js:2:12)",
      },
    },
  },
  {
    name: 'an error on the first line of a module',
    source: "export default () => { const e = '😀'; null.x }",
    error: {
      message: "TypeError: cannot read properties of null (reading 'x'), of null.x",
      line: 1,
      column: 44,
      with: { snippet: containing('export default () =>') },
    },
  },
  {
    name: 'an error at the top level of a module',
    source: 'const a = 1;\nexport const b = a.c.d;',
    entry: 'b',
    error: {
      message: "TypeError: cannot read properties of undefined (reading 'd'), of a.c.d",
      line: 2,
      column: 21,
      with: { stack: containing('(handler.js:2:21)') },
    },
  },
  {
    name: 'an error in what is rewritten for the engine',
    source:
      'export default async () => {\n  for await (const x of [1]) {\n    using y = { [Symbol.dispose]() {} };\n    x.y.z;\n  }\n}',
    error: { message: "TypeError: cannot read properties of undefined (reading 'z'), of x.y.z", line: 4, column: 8 },
  },
  {
    name: 'a syntax error in a module',
    source: 'export default () => {\n  const a = ;\n}',
    error: { code: 'COMPILATION_ERROR', message: 'SyntaxError: Unexpected token', line: 2, column: 13 },
  },
  {
    name: 'a module that returns',
    source: 'export default 1;\nreturn 2',
    error: {
      code: 'COMPILATION_ERROR',
      message:
        'SyntaxError: a module has no `return` at its top level: what it exports as default is called if it is a function, and is the result otherwise',
      line: 2,
      column: 1,
    },
  },
  {
    name: 'a module that imports',
    source: "import _ from 'lodash';\nexport default () => _.VERSION",
    error: {
      code: 'COMPILATION_ERROR',
      message:
        'SyntaxError: only a module, with `export default`, imports, and only what the option modules of the runtime allows; libraries are $lib.<name> as well, what the application offers is $ext.<name>.<method>(…)',
      line: 1,
      column: 1,
    },
  },
  {
    name: 'a class as the default export',
    source: 'export default class Rule {}',
    error: {
      code: 'INVALID_HANDLER',
      message:
        'The default export is a class, and a handler is called without `new`: export a function that makes an instance and calls it.',
      line: 1,
      column: 1,
    },
  },
  {
    name: 'the name of a class as the default export',
    source: 'class Rule {}\nexport { Rule as default };',
    error: {
      code: 'INVALID_HANDLER',
      message:
        'The default export is a class, and a handler is called without `new`: export a function that makes an instance and calls it.',
      line: 2,
      column: 1,
    },
  },
  {
    name: 'a module that exports nothing',
    source: 'export {};',
    error: {
      code: 'INVALID_HANDLER',
      message:
        'The module exports nothing that could be called: it needs a default export, or one with a name for the option entry.',
      line: 1,
      column: 1,
    },
  },
  {
    name: 'a module in TypeScript',
    filename: 'rule.ts',
    source:
      "import type { Order } from './types.ts';\nexport interface Args { readonly n: number }\nconst t: '😀' | Args = $args; export default ({ n }: Args): number => n.a!.b;",
    context: { args: { n: 1 } },
    error: { message: "TypeError: cannot read properties of undefined (reading 'b'), of n.a!.b", line: 3, column: 75 },
  },
  {
    name: 'a function in TypeScript',
    filename: 'rule.ts',
    source: '(n: number): number => n + 1;',
    context: { args: 1 },
    value: 2,
  },
  {
    name: 'a type in a module that is none',
    source: 'export default (a: number) => a',
    error: {
      code: 'COMPILATION_ERROR',
      message:
        'SyntaxError: this looks like TypeScript; types are taken off in a file whose name ends in .ts: give the option filename, or write it without types',
      line: 1,
      column: 18,
    },
  },
];
