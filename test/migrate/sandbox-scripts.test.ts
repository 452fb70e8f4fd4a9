import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, inferCapabilities, type NexusRuntime } from '#src/index.js';
import { commonJsModule, isolatedVmScript, type SandboxKit, sandboxScript } from '#src/migrate/index.js';

let runtime: NexusRuntime;
const logged: unknown[][] = [];
const extensions = {
  host: {
    log: async (...args: unknown[]) => void logged.push(args),
    add: async (a: number, b: number) => a + b,
    user: async (id: string) => ({ id, name: `user ${id}` }),
    fail: async () => {
      throw new Error('there is no such user');
    },
  },
};
beforeAll(async () => {
  const libraries = { maths: { source: 'exports.twice = (n) => 2 * n' } };
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, libraries });
});
afterAll(() => runtime.shutdown());

interface Script {
  readonly name: string;
  readonly kit?: SandboxKit;
  readonly code: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly args?: readonly unknown[];
  readonly output: unknown;
  readonly logged?: readonly unknown[][];
}

const execute = ({ code, kit = sandboxScript(), values, args }: Omit<Script, 'name' | 'output'>) =>
  runtime.run(code, kit.context(values, args), { ...kit.options, extensions });

async function expectOutput(script: Script): Promise<void> {
  logged.length = 0;
  const result = await execute(script);
  expect(result.error?.message).toBeUndefined();
  expect(result.returnValue).toEqual(script.output);
  expect(logged).toEqual(script.logged ?? []);
}

/** In our words: the READMEs, their examples, and what projects evaluate with them. */
const VM2: readonly Script[] = [
  { name: 'an expression', code: '1 + 1;', output: 2 },
  {
    name: 'values of the sandbox, and a formula',
    kit: sandboxScript({ globals: ['price', 'quantity', 'discount'] }),
    code: 'price * quantity * (1 - discount)',
    values: { price: 10, quantity: 3, discount: 0.1 },
    output: 27,
  },
  {
    name: 'a rule of several statements, whose last expression is the result',
    kit: sandboxScript({ globals: ['order'] }),
    code: `var total = order.lines.reduce(function (sum, line) { return sum + line.amount; }, 0);
var level = total > 100 ? 'manager' : 'clerk';
({ total: total, approver: level })`,
    values: { order: { lines: [{ amount: 70 }, { amount: 50 }] } },
    output: { total: 120, approver: 'manager' },
  },
  {
    name: 'an immediately invoked function',
    kit: sandboxScript({ globals: ['data'] }),
    code: '(function () {\n  "use strict";\n  return data.filter((n) => n % 2);\n})()',
    values: { data: [1, 2, 3] },
    output: [1, 3],
  },
  {
    name: 'a function of the sandbox that answers later',
    kit: sandboxScript({ functions: { getUser: 'host.user' } }),
    code: 'getUser("7").then((user) => user.name.toUpperCase())',
    output: 'USER 7',
  },
  {
    name: 'an async function that is called at the end',
    kit: sandboxScript({ globals: ['ids'], functions: { getUser: 'host.user', log: 'host.log' } }),
    code: `async function main() {
  const users = [];
  for (const id of ids) users.push(await getUser(id));
  log('users', users.length);
  return users.map((user) => user.id);
}
main();`,
    values: { ids: ['a', 'b'] },
    output: ['a', 'b'],
    logged: [['users', 2]],
  },
  {
    name: 'variables that are declared once more, and set',
    kit: sandboxScript({ globals: ['count', 'options'] }),
    code: 'var count = count + 1;\nvar options = options || { deep: true };\ncount += 1;\n[count, options.deep, global.options]',
    values: { count: 1 },
    output: [3, true, undefined],
  },
  {
    name: 'the global object',
    kit: sandboxScript({ globals: ['x'] }),
    code: 'globalThis.y = this.x + global.x;\ny',
    values: { x: 4 },
    output: 8,
  },
  {
    name: 'an error that it catches',
    kit: sandboxScript({ functions: { load: 'host.fail' } }),
    code: 'load().catch((error) => "default: " + error.message)',
    output: 'default: there is no such user',
  },
  {
    name: 'a template with functions of its own',
    kit: sandboxScript({ globals: ['name', 'items'] }),
    code: 'const list = items.map((item) => `- ${item}`).join("\\n");\n`Hello ${name}\\n${list}`',
    values: { name: 'Ada', items: ['a', 'b'] },
    output: 'Hello Ada\n- a\n- b',
  },
  {
    name: 'a module that exports a function',
    kit: commonJsModule(),
    code: 'module.exports = function (who) {\n  return "Hello " + who;\n};',
    args: ['World'],
    output: 'Hello World',
  },
  {
    name: 'a module that exports an object, with a method that uses the others',
    kit: commonJsModule({ method: 'run' }),
    code: 'exports.prefix = "> ";\nexports.run = async function (a, b) { return this.prefix + (await add(a, b)); };\nasync function add(a, b) { return a + b; }',
    args: [1, 2],
    output: '> 3',
  },
  {
    name: 'a module that requires another, and exports a value',
    kit: commonJsModule({ require: { 'tiny-maths': 'maths' }, globals: ['n'] }),
    code: 'const { twice } = require("tiny-maths");\nmodule.exports = { result: twice(n) };',
    values: { n: 21 },
    output: { result: 42 },
  },
  {
    name: 'a class that is exported by a function',
    kit: commonJsModule({ functions: { log: 'host.log' } }),
    code: `class Plugin {
  constructor(config) { this.config = config; }
  async run(event) {
    await log(event.type);
    return { ...event, by: this.config.name };
  }
}
module.exports = (config, event) => new Plugin(config).run(event);`,
    args: [{ name: 'p' }, { type: 'saved' }],
    output: { type: 'saved', by: 'p' },
    logged: [['saved']],
  },
];

const ISOLATED_VM: readonly Script[] = [
  { name: 'an expression', kit: isolatedVmScript(), code: '"hello " + 40 + 2', output: 'hello 402' },
  {
    name: 'values that were set on the jail',
    kit: isolatedVmScript({ globals: ['input'] }),
    code: 'input.map((n) => n ** 2).reduce((a, b) => a + b)',
    values: { input: [1, 2, 3] },
    output: 14,
  },
  {
    name: 'a function of the jail',
    kit: isolatedVmScript({ functions: { log: 'host.log' } }),
    code: 'log("hello world");\nlog("from", { a: [1] });\n0',
    output: 0,
    logged: [['hello world'], ['from', { a: [1] }]],
  },
  {
    name: 'a console that calls a reference',
    kit: isolatedVmScript({ references: { _log: 'host.log' } }),
    code: `globalThis.console = {
  log: (...args) => _log.applyIgnored(undefined, args, { arguments: { copy: true } }),
};
console.log('a', 1);
'done'`,
    output: 'done',
    logged: [['a', 1]],
  },
  {
    name: 'a closure with arguments',
    kit: isolatedVmScript({ closure: true, globals: ['$0', '$1'] }),
    code: 'const sum = $0 + $1;\nreturn sum * 2;',
    values: { $0: 20, $1: 1 },
    output: 42,
  },
  {
    name: 'a closure with a reference of a function',
    kit: isolatedVmScript({ closure: true, references: { $0: 'host.user' }, globals: ['$1'] }),
    code: 'return $0.apply(undefined, [$1], { arguments: { copy: true }, result: { promise: true, copy: true } });',
    values: { $1: '3' },
    output: { id: '3', name: 'user 3' },
  },
  {
    name: 'functions made of references, and a function that awaits them',
    kit: isolatedVmScript({ closure: true, references: { $0: 'host.add', $1: 'host.user' } }),
    code: `const add = (...args) => $0.apply(undefined, args, { result: { promise: true } });
const getUser = async (id) => {
  const user = await $1.apply(undefined, [id], { result: { promise: true, copy: true } });
  return user.name;
};
return (async () => [await add(1, 2), await getUser('x')])();`,
    output: [3, 'user x'],
  },
  {
    name: 'a reference of a value',
    kit: isolatedVmScript({ closure: true, values: ['$0'] }),
    code: 'const { data } = $0.copySync();\nreturn [data.n, $0.getSync("data").n, $0.typeof];',
    values: { $0: { data: { n: 5 } } },
    output: [5, 5, 'object'],
  },
  {
    name: 'a script that defines a function, and calls it',
    kit: isolatedVmScript({ globals: ['event'] }),
    code: 'function handler(event) {\n  return { ok: event.type === "push", size: event.commits.length };\n}\nhandler(event)',
    values: { event: { type: 'push', commits: [1, 2] } },
    output: { ok: true, size: 2 },
  },
  {
    name: 'an async function at the end, as with { promise: true }',
    kit: isolatedVmScript({ globals: ['n'] }),
    code: '(async () => {\n  await null;\n  return n + 1;\n})()',
    values: { n: 1 },
    output: 2,
  },
  {
    name: 'a global that is the jail itself',
    kit: isolatedVmScript({ globals: ['config'] }),
    code: 'global.state = { runs: 0 };\nglobal.state.runs += global.config.step;\nstate.runs',
    values: { config: { step: 3 } },
    output: 3,
  },
];

/** `evalCode` of quickjs-emscripten, with values by `setProp` and functions by `newFunction`. */
const QUICKJS: readonly Script[] = [
  {
    name: 'a text',
    code: '"Hello " + NAME + "!"',
    kit: sandboxScript({ globals: ['NAME'] }),
    values: { NAME: 'bob' },
    output: 'Hello bob!',
  },
  {
    name: 'an asynchronous function',
    kit: sandboxScript({ functions: { readFile: 'host.user' } }),
    code: '(async () => {\n  const content = await readFile("a.txt");\n  return content.name.toUpperCase();\n})()',
    output: 'USER A.TXT',
  },
  {
    name: 'a script that sets what the next line reads',
    code: 'globalThis.cell = [1];\ncell.push(2);\ncell',
    output: [1, 2],
  },
];

describe('scripts of vm2', () => {
  it.each(VM2)('$name', expectOutput);
});
describe('scripts of isolated-vm', () => {
  it.each(ISOLATED_VM)('$name', expectOutput);
});
describe('scripts of quickjs-emscripten', () => {
  it.each(QUICKJS)('$name', expectOutput);
});

describe('what cannot be', () => {
  it.each([
    [
      'a call that blocks',
      isolatedVmScript({ references: { _get: 'host.user' } }),
      'const user = _get.applySyncPromise(undefined, ["1"])',
      '_get.applySyncPromise would block, and nothing blocks here: write await _get.apply(undefined, [args])',
    ],
    [
      'another one',
      isolatedVmScript({ references: { $0: 'host.user' }, closure: true }),
      'return $0.applySync(undefined, ["1"])',
      '$0.applySync would block',
    ],
    ['a module', commonJsModule(), 'const fs = require("fs");', 'require("fs") is not available to this script'],
    [
      'a module by an inherited name',
      commonJsModule(),
      'require("constructor")',
      'require("constructor") is not available',
    ],
    [
      'a module in a script',
      sandboxScript(),
      'require("fs").readFileSync("x")',
      "'require' is not defined; a handler has no require",
    ],
    [
      'a method that is not exported',
      commonJsModule({ method: 'run' }),
      'exports.walk = () => 1',
      'The module exports no function "run".',
    ],
    ['code from a text', sandboxScript(), 'eval("1 + 1")', 'eval is not supported'],
    [
      'a value of the sandbox declared as a constant',
      sandboxScript({ globals: ['a'] }),
      'const a = 1;\na',
      'SyntaxError',
    ],
    ['the way out that vm2 had', sandboxScript(), 'this.constructor.constructor("return process")()', 'not supported'],
  ])('%s: the error says so, on the first line', async (_, kit, code, message) => {
    const { error } = await execute({ kit, code });
    expect(error?.message).toContain(message);
    expect(error?.location?.line).toBe(code.includes('walk') ? undefined : 1);
  });

  it.each([
    () => sandboxScript({ globals: 'a' } as never),
    () => sandboxScript({ globals: ['a b'] }),
    () => sandboxScript({ globals: ['return'] }),
    () => sandboxScript({ functions: { f: 'host' } }),
    () => sandboxScript({ function: {} } as never),
    () => sandboxScript(5 as never),
    () => isolatedVmScript({ closure: 1 } as never),
    () => isolatedVmScript({ values: ['0'] }),
    () => isolatedVmScript({ references: { $0: 'a.b;c' } }),
    () => commonJsModule({ method: 5 } as never),
    () => commonJsModule({ require: { a: '' } }),
    () => sandboxScript({ globals: ['a'] }).context({ b: 1 }),
    () => sandboxScript().context({}, 'x' as never),
    () => sandboxScript().context(null as never),
  ])('%s is INVALID_ARGUMENT', (make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

it('the kits need the capabilities that inference finds', () => {
  const kit = isolatedVmScript({ globals: ['a'], functions: { f: 'host.user' }, references: { g: 'host.log' } });
  expect(inferCapabilities('f(a)', kit.source)).toEqual(['ext:host.log', 'ext:host.user']);
  expect(kit.context({ a: 1 }).capabilities?.toSorted()).toEqual(['ext:host.log', 'ext:host.user']);
});
