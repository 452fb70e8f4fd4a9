import { NOT_IMPORTED } from '#src/source/syntax-help.js';

export interface ModelProgram {
  readonly name: string;
  readonly code: string;
  readonly args?: unknown;
  /** @default 'handler.js' */
  readonly filename?: string;
  readonly returnLastExpression?: true;
  readonly value?: unknown;
  readonly log?: readonly string[];
  /** The whole message: what to change. */
  readonly error?: string;
  readonly line?: number;
  /** Those that it needs. @default none */
  readonly capabilities?: readonly string[];
  /** The error is one that the call rejects with. */
  readonly rejects?: true;
  /** Its outcome changes as soon as handlers import packages. */
  readonly dependsOnImports?: true;
}

const ORDER = {
  items: [
    { sku: 'a', price: 10, quantity: 2 },
    { sku: 'b', price: 5, quantity: 1 },
  ],
  customer: 'Ada',
};
const REQUIRE =
  "ReferenceError: 'require' is not defined; a handler has no require: a module imports what the option modules of the runtime allows, and libraries are $lib.<name>; with the option node of the runtime there is a require of libraries; docs/handlers.md says what a handler sees";

/** Whole answers of language models that were asked for a handler, in our words. Each runs, or its error says what to change. */
export const MODEL_PROGRAMS: readonly ModelProgram[] = [
  {
    name: 'a bare function',
    args: ORDER,
    value: 25,
    code: 'function handler(args) {\n  return args.items.reduce((sum, item) => sum + item.price * item.quantity, 0);\n}',
  },
  {
    name: 'an arrow function behind a comment',
    args: ORDER,
    value: 'ADA',
    code: '// Returns the name of the customer in capitals.\nasync ({ customer }) => {\n  return customer.toUpperCase();\n};',
  },
  {
    name: 'a function behind "use strict"',
    args: ORDER,
    value: 2,
    code: "'use strict';\n\n/** Counts the items. */\nfunction countItems(args) {\n  return args.items.length;\n}",
  },
  {
    name: 'a default export with helpers',
    args: ORDER,
    value: { total: 25, vat: 2.03 },
    code: 'const VAT = 0.081;\nconst round = (n) => Math.round(n * 100) / 100;\n\nexport default function handler({ items }) {\n  const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);\n  return { total, vat: round(total * VAT) };\n}',
  },
  {
    name: 'an async function main that is called',
    args: ORDER,
    value: ['a', 'b'],
    code: 'async function main() {\n  const { items } = $args;\n  return items.map((item) => item.sku);\n}\n\nmain();',
  },
  {
    name: 'one whose errors are caught',
    args: null,
    value: 'failed',
    log: ["TypeError: cannot read property 'items' of null"],
    code: 'const main = async () => {\n  return $args.items.length;\n};\n\nmain().catch((error) => {\n  console.error(String(error));\n  return "failed";\n});',
  },
  {
    name: 'an async function main that nothing calls',
    error:
      'The program only declares main, and nothing calls it: end with `return main($args)`, or write `export default` before the function that is to run.',
    line: 5,
    code: 'function load(args) {\n  return args.items ?? [];\n}\n\nasync function main(args) {\n  return load(args).length;\n}',
  },
  {
    name: 'a constant and a function that nothing calls',
    error:
      'The program only declares handler, and nothing calls it: end with `return handler($args)`, or write `export default` before the function that is to run.',
    line: 5,
    code: '```js\nconst LIMITS = new Map([["eu", 100], ["us", 200]]);\n\n// The entry point.\nconst handler = async (args) => {\n  return LIMITS.get(args.region) ?? 0;\n};\n```',
  },
  {
    name: 'a fence with prose around it',
    args: ORDER,
    value: 'Ada: 2',
    code: "Sure! Here's a handler that summarises the order:\n\n```javascript\nconst { customer, items } = $args;\nreturn `${customer}: ${items.length}`;\n```\n\nLet me know if you'd like anything changed — e.g. `items` could be filtered.",
  },
  {
    name: 'two fences, the first of the shell',
    value: 5,
    code: 'First:\n\n```bash\nnpm install\n```\n\nThen:\n\n```js\nreturn 2 + 3;\n```',
  },
  {
    name: 'a fence in a text of the old Mac',
    value: 3,
    code: 'Here:\r```js\rconst a = 1; // one\rreturn a + 2;\r```\rDone.',
  },
  {
    name: 'TypeScript with types',
    filename: 'handler.ts',
    args: ORDER,
    value: 25,
    code: '```ts\ninterface Item { sku: string; price: number; quantity: number }\ntype Args = { items: Item[] };\n\nexport default function total({ items }: Args): number {\n  return items.reduce<number>((sum, item) => sum + item.price * item.quantity, 0);\n}\n```',
  },
  {
    name: 'TypeScript in a file of JavaScript',
    line: 2,
    error:
      'SyntaxError: this looks like TypeScript; types are taken off in a file whose name ends in .ts: give the option filename, or write it without types',
    code: '```ts\nfunction handler(args: { n: number }): number {\n  return args.n;\n}\n```',
  },
  {
    name: 'module.exports',
    line: 1,
    error:
      "ReferenceError: 'module' is not defined; a handler is no module of CommonJS: write `export default` instead of `module.exports =`, or give the option wrap code that makes `module`; docs/handlers.md says what a handler sees",
    code: 'module.exports = async (args) => {\n  return args.items.length;\n};',
  },
  {
    name: 'exports.handler, as for a cloud function',
    line: 1,
    error:
      "ReferenceError: 'exports' is not defined; a handler is no module of CommonJS: write `export default` instead of `module.exports =`, or give the option wrap code that makes `module`; docs/handlers.md says what a handler sees",
    code: 'exports.handler = async (event) => {\n  return { statusCode: 200, body: JSON.stringify(event) };\n};',
  },
  {
    name: 'export const handler',
    rejects: true,
    error: 'The handler has no default export, so the option entry must choose one of its exports: "handler".',
    code: 'export const handler = async (event) => {\n  return { statusCode: 200, body: event };\n};',
  },
  {
    name: 'await at the top level',
    args: ORDER,
    value: [10, 5],
    code: 'const prices = await Promise.all($args.items.map(async ({ price }) => price));\nreturn prices;',
  },
  {
    name: 'a result that is logged',
    args: ORDER,
    value: undefined,
    log: ['Total: 25'],
    code: 'const total = $args.items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);\nconsole.log("Total:", total);',
  },
  {
    name: 'a return at the top level, in an if',
    args: ORDER,
    value: 'none',
    code: 'if (!$args.discount) {\n  return "none";\n}\nreturn `${$args.discount} %`;',
  },
  {
    name: 'an import of a package',
    dependsOnImports: true,
    line: 2,
    error: `SyntaxError: ${NOT_IMPORTED}`,
    code: "```js\nimport { sumBy } from 'lodash';\n\nexport default ({ items }) => sumBy(items, 'price');\n```",
  },
  {
    name: 'a package by require',
    line: 1,
    error: REQUIRE,
    code: "const axios = require('axios');\n\nasync function main() {\n  const { data } = await axios.get('https://api.example.com');\n  return data;\n}\nmain();",
  },
  {
    name: 'fetch',
    line: 1,
    error: 'The handler has no capability "net:GET:api.example.com"',
    capabilities: ['net:GET:api.example.com'],
    code: 'const response = await fetch(`https://api.example.com/users/${$args}`);\nreturn await response.json();',
  },
  {
    name: 'an immediately invoked async function',
    args: ORDER,
    value: { customer: 'Ada' },
    code: '(async () => {\n  const { customer } = $args;\n  return { customer };\n})();',
  },
  {
    name: 'an immediately invoked function in parentheses, awaited',
    args: [1, 2, 3],
    value: 6,
    code: 'await (async function run() {\n  let sum = 0;\n  for (const n of $args) sum += n;\n  return sum;\n}());',
  },
  {
    name: 'a class with a method run that is called',
    args: ORDER,
    value: 15,
    code: 'class PriceHandler {\n  constructor(args) {\n    this.items = args.items;\n  }\n  async run() {\n    return this.items.reduce((sum, { price }) => sum + price, 0);\n  }\n}\n\nnew PriceHandler($args).run();',
  },
  {
    name: 'a class with a method run that nothing calls',
    line: 1,
    error:
      'The program only declares the class Handler, and nothing uses it: end with a `return` that makes an instance and calls it.',
    code: 'class Handler {\n  async run(args) {\n    return args.items.length;\n  }\n}',
  },
  {
    name: 'a class as the default export',
    line: 1,
    error:
      'The default export is a class, and a handler is called without `new`: export a function that makes an instance and calls it.',
    code: 'export default class Handler {\n  run(args) {\n    return args;\n  }\n}',
  },
  {
    name: 'an answer in JSON',
    line: 1,
    error:
      'SyntaxError: the source is JSON, and a handler is a program: write `return` before it, or pass it as `args`',
    code: '{\n  "total": 25,\n  "currency": "CHF"\n}',
  },
  {
    name: 'a list in JSON, in a fence',
    value: [{ sku: 'a' }, { sku: 'b' }],
    code: '```json\n[{ "sku": "a" }, { "sku": "b" }]\n```',
  },
  {
    name: 'a value as the last line',
    args: ORDER,
    value: { total: 25, count: 2 },
    code: 'const count = $args.items.length;\nconst total = $args.items.reduce((sum, i) => sum + i.price * i.quantity, 0);\n\n({ total, count });',
  },
  {
    name: 'an expression that calls something, as in a console',
    args: ORDER,
    returnLastExpression: true,
    value: ['a', 'b'],
    code: 'const { items } = $args;\nitems.map(({ sku }) => sku)',
  },
  {
    name: 'a call whose value was not meant',
    args: [3, 1],
    value: undefined,
    code: '$args.sort();\n$args.forEach((n) => Math.abs(n));',
  },
  {
    name: 'a refusal',
    line: 1,
    error: 'SyntaxError: the source begins with words that are no program: pass the code alone',
    code: 'I cannot write code that reads files.',
  },
];
