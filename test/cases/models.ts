import type { Case } from './case.js';

const ORDER = {
  items: [
    { price: 2, quantity: 3 },
    { price: 4, quantity: 1 },
  ],
  customer: { name: 'Ada' },
};
const args = (value: unknown) => ({ args: value });
const EVERYTHING = ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'];

/** Handlers as language models write them, passed with `normalise: 'model'`: they run, or say what to change. */
export const MODELS: readonly Case[] = [
  { name: 'a body in a fence', source: '```js\nreturn $args.a + 1;\n```', context: args({ a: 1 }), value: 2 },
  {
    name: 'a fence with the long name',
    source: '```javascript\nreturn $args.a + 1;\n```\n',
    context: args({ a: 1 }),
    value: 2,
  },
  { name: 'a fence without a name', source: '\n```\nreturn 3;\n```', value: 3 },
  { name: 'a fence of tildes', source: '~~~js\nreturn 3;\n~~~', value: 3 },
  { name: 'a fence with Windows lines', source: '```js\r\nreturn [\r\n1];\r\n```\r\n', value: [1] },
  { name: 'a fence that was cut off', source: '```js\nreturn 4;\n', value: 4 },
  {
    name: 'words before and after',
    source: "Sure! Here's the handler:\n\n```js\nexport default ({ n }) => n * 2;\n```\n\nIt doubles `n`.",
    context: args({ n: 4 }),
    value: 8,
  },
  {
    name: 'words, a command and the code',
    source: 'First install nothing:\n\n```sh\nnpm --version\n```\n\nThen:\n\n```ts\nreturn 5;\n```',
    value: 5,
  },
  { name: 'no fence', source: 'return 6;', value: 6 },
  {
    name: 'a text that has a fence, in a program that parses',
    source: "const fence = [\n  '```js',\n].join(`\n`);\nreturn fence;\n/*\n```\n*/",
    value: '```js',
  },
  {
    name: 'an async arrow function',
    source:
      'async ({ items }) => {\n  return items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);\n}',
    context: args(ORDER),
    value: 10,
  },
  {
    name: 'a function called handler',
    source:
      '/**\n * Totals an order.\n */\nasync function handler(args, ctx) {\n  const total = args.items.length;\n  ctx.log.info("total", total);\n  return { total };\n}',
    context: args(ORDER),
    value: { total: 2 },
    log: ['total 2'],
  },
  {
    name: 'an exported function with helpers',
    source:
      'const round = (n) => Math.round(n * 100) / 100;\n\nfunction total(items) {\n  return items.reduce((sum, i) => sum + i.price * i.quantity, 0);\n}\n\nexport default async function handler(args, ctx) {\n  return round(total(args.items) * 1.081);\n}\n',
    context: args(ORDER),
    value: 10.81,
  },
  {
    name: 'a function exported by its name',
    source:
      'async function handler({ customer }) {\n  return `Hello ${customer.name}`;\n}\n\nexport { handler as default };',
    context: args(ORDER),
    value: 'Hello Ada',
  },
  {
    name: 'a constant that is exported as default',
    source: 'const handler = async (args) => args.customer.name;\nexport default handler;',
    context: args(ORDER),
    value: 'Ada',
  },
  {
    name: 'state by ctx',
    source:
      'export default (args, { state, emit }) => {\n  state.count = (state.count ?? 0) + 1;\n  emit("counted", { count: state.count });\n  return state.count;\n};',
    context: { stateSnapshot: { count: 1 }, capabilities: EVERYTHING },
    value: 2,
  },
  {
    name: 'a configuration that is exported',
    source: 'export const config = { retries: 3 };\nexport default async () => config.retries;',
    value: 3,
  },
  {
    name: 'TypeScript with interfaces',
    filename: 'handler.ts',
    source:
      '```typescript\ninterface Args { readonly items: readonly { price: number; quantity: number }[] }\n\nexport default async function handler(args: Args): Promise<number> {\n  return args.items.length as number;\n}\n```',
    context: args(ORDER),
    value: 2,
  },
  { name: 'an async function that is called at once, and returned', source: 'return (async () => 7)();', value: 7 },
  {
    name: 'an import',
    source: "```js\nimport _ from 'lodash';\n\nexport default (args) => _.sum(args);\n```",
    error: {
      code: 'COMPILATION_ERROR',
      message:
        'SyntaxError: only a module, with `export default`, imports, and only what the option modules of the runtime allows; libraries are $lib.<name> as well, what the application offers is $ext.<name>.<method>(…)',
      line: 2,
      column: 1,
    },
  },
  {
    name: 'TypeScript in a file that is none',
    source: '```ts\nexport default (args: { n: number }) => args.n;\n```',
    error: {
      code: 'COMPILATION_ERROR',
      message:
        'SyntaxError: this looks like TypeScript; types are taken off in a file whose name ends in .ts: give the option filename, or write it without types',
      line: 2,
      column: 21,
    },
  },
  {
    name: 'a mistake in a fence, at the line of the whole text',
    source: 'Here:\n\n```js\nconst a = {};\nreturn a.b.c;\n```',
    error: { message: "TypeError: cannot read properties of undefined (reading 'c'), of a.b.c", line: 5, column: 11 },
  },
  {
    name: 'a class',
    source: 'export default class Handler {\n  run() {}\n}',
    error: {
      code: 'INVALID_HANDLER',
      message:
        'The default export is a class, and a handler is called without `new`: export a function that makes an instance and calls it.',
      line: 1,
      column: 1,
    },
  },
  {
    name: 'a module of CommonJS',
    source: 'module.exports = async (args) => args;',
    error: {
      code: 'EXECUTION_ERROR',
      message:
        "ReferenceError: 'module' is not defined; a handler is no module of CommonJS: write `export default` instead of `module.exports =`, or give the option wrap code that makes `module`; docs/handlers.md says what a handler sees",
      line: 1,
      column: 1,
    },
  },
  {
    name: 'a handler that is cut off',
    source: '```js\nexport default (args) => {\n  if (args) {\n    return 1;\n',
    error: {
      code: 'COMPILATION_ERROR',
      message: 'SyntaxError: this "{" is never closed: a "}" is missing',
      line: 3,
      column: 13,
    },
  },
];
