import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';

import { evaluateScript, migrateFiles, migrateHostCode } from '#src/migrate/index.js';
import { rejection, withRuntime } from '../support/runtime-helpers.js';

const IMPORT = "import { evaluateScript } from 'nexus-runtime/migrate';";
const REQUIRE = "const { evaluateScript } = require('nexus-runtime/migrate');";

/** As READMEs and applications have it. */
const CHANGED: readonly (readonly [name: string, before: string, after: string, filename: string])[] = [
  [
    'the README of vm2',
    "import { VM } from 'vm2';\nconst result = new VM().run('1 + 1');\n",
    `${IMPORT}\nconst result = (await evaluateScript(runtime, '1 + 1'));\n`,
    'host.js',
  ],
  [
    'a timeout and a sandbox',
    "import { VM } from 'vm2';\nexport async function rule({ code }, [order]) {\n  return new VM({ timeout: 1000, sandbox: { order, log: (x) => x } }).run(code);\n}\n",
    `${IMPORT}\nexport async function rule({ code }, [order]) {\n  return (await evaluateScript(runtime, code, { timeoutMs: 1000, sandbox: { order, log: (x) => x } }));\n}\n`,
    'host.js',
  ],
  [
    'a VM in a variable, in CommonJS',
    "const { VM } = require('vm2');\n\nasync function run(code, sandbox) {\n  const vm = new VM({ sandbox, timeout: 50, eval: false, wasm: false });\n  vm.run(code, 'rule.js');\n}\n",
    `${REQUIRE}\n\nasync function run(code, sandbox) {\n  const vm = { sandbox, timeoutMs: 50 };\n  await evaluateScript(runtime, code, vm);\n}\n`,
    'host.js',
  ],
  [
    'the whole package, and what is awaited already',
    "import * as vm2 from 'vm2';\nconst a = await new vm2.VM({}).run(code);\n",
    `${IMPORT}\nconst a = await evaluateScript(runtime, code);\n`,
    'host.js',
  ],
  [
    'another name, in TypeScript',
    "import { VM as Sandbox } from 'vm2';\nconst run = async (code: string, data: unknown): Promise<number> =>\n  new Sandbox({ sandbox: { data } }).run(code as string) as number;\n",
    `${IMPORT}\nconst run = async (code: string, data: unknown): Promise<number> =>\n  (await evaluateScript(runtime, code as string, { sandbox: { data } })) as number;\n`,
    'host.ts',
  ],
  [
    'node:vm',
    "import vm from 'node:vm';\nconst x = vm.runInNewContext('a + b', { a: 1, b: 2 }, { timeout: 100 });\n",
    `${IMPORT}\nconst x = (await evaluateScript(runtime, 'a + b', { sandbox: { a: 1, b: 2 }, timeoutMs: 100 }));\n`,
    'host.js',
  ],
  [
    'a VM of the same name in each of two functions',
    "import { VM } from 'vm2';\nconst f = async (c) => {\n  const vm = new VM();\n  return vm.run(c);\n};\nconst g = async (c) => {\n  const vm = new VM({ timeout: 5 });\n  return vm.run(c);\n};\n",
    `${IMPORT}\nconst f = async (c) => {\n  const vm = {};\n  return (await evaluateScript(runtime, c, vm));\n};\nconst g = async (c) => {\n  const vm = { timeoutMs: 5 };\n  return (await evaluateScript(runtime, c, vm));\n};\n`,
    'host.js',
  ],
  [
    'one function of node:vm',
    "const { runInNewContext } = require('vm');\nmodule.exports = async (code) => runInNewContext(code);\n",
    `${REQUIRE}\nmodule.exports = async (code) => (await evaluateScript(runtime, code));\n`,
    'host.js',
  ],
];

const LEFT: readonly (readonly [name: string, code: string, place: string])[] = [
  [
    'a function that is not async',
    "import { VM } from 'vm2';\nfunction f(c) { return new VM().run(c); }",
    '2:24 it stands where `await` cannot',
  ],
  [
    'the top level of CommonJS',
    "const { VM } = require('vm2');\nexports.x = new VM().run('1');",
    '2:13 it stands where `await` cannot',
  ],
  [
    'options of which one is unknown',
    "import { VM } from 'vm2';\nawait new VM({ compiler: 'typescript' }).run(c);",
    '2:7 its options are no literal',
  ],
  [
    'eval that is allowed',
    "import { VM } from 'vm2';\nawait new VM({ eval: true }).run(c);",
    '2:7 its options are no literal',
  ],
  [
    'options in a variable',
    "import { VM } from 'vm2';\nawait new VM(options).run(c);",
    '2:7 its options are no literal',
  ],
  [
    'options that are spread',
    "import { VM } from 'vm2';\nawait new VM({ ...options }).run(c);",
    '2:7 its options are no literal',
  ],
  [
    'a VM that runs two scripts',
    "import { VM } from 'vm2';\nconst vm = new VM();\nvm.run(a);\nvm.run(b);",
    '2:12 vm is used more than once',
  ],
  [
    'a VM that runs a script in a loop',
    "import { VM } from 'vm2';\nconst vm = new VM();\nfor (const c of list) vm.run(c);",
    '2:12 vm is used more than once',
  ],
  [
    'a VM that runs a script in a function',
    "import { VM } from 'vm2';\nconst vm = new VM();\nexport const f = async (c) => vm.run(c);",
    '2:12 vm is used more than once',
  ],
  [
    'a VM that is frozen into',
    "import { VM } from 'vm2';\nconst vm = new VM();\nvm.freeze(api, 'api');",
    '2:12 vm is used more than once',
  ],
  ['a VM in a field', "import { VM } from 'vm2';\nclass A { vm = new VM(); }", '2:16 the VM is kept elsewhere'],
  ['a subclass', "import { VM } from 'vm2';\nclass A extends VM {}", '2:17 VM is used other than by `new`'],
  [
    'NodeVM',
    "import { NodeVM } from 'vm2';\nnew NodeVM({ require: { external: true } }).run(c);",
    '2:5 NodeVM becomes commonJsModule',
  ],
  ['VMScript', "import { VMScript } from 'vm2';\nnew VMScript(c).compile();", '2:5 VMScript becomes the text itself'],
  [
    'a sandbox that node:vm changes',
    "import vm from 'vm';\nconst box = {};\nvm.runInNewContext(c, box);",
    '3:1 its sandbox is a variable',
  ],
  ['a context of node:vm', "import vm from 'vm';\nvm.createContext(box);", '2:1 createContext of node:vm'],
  [
    'a parameter with the name of the import',
    "import vm from 'vm';\nexport const f = async (vm) => vm.runInNewContext('1');",
    '2:25 it has the name of the import',
  ],
  [
    'isolated-vm',
    "import ivm from 'isolated-vm';\nconst isolate = new ivm.Isolate({ memoryLimit: 8 });",
    '2:17 Isolate: createRuntime({ memoryLimitBytes })',
  ],
  [
    'a script of isolated-vm',
    "const ivm = require('isolated-vm');\nasync () => (await isolate.compileScript(c)).run(context);",
    '2:20 compileScript: runtime.precompileHandler',
  ],
  ['a text that does not parse', 'const = 1', '1:1 the file cannot be read: Unexpected token'],
];

describe('code of an application', () => {
  it.each(CHANGED)('%s is changed', (_, before, after, filename) => {
    const { code, changes, left } = migrateHostCode(before, { filename });
    expect(code).toBe(after);
    expect(changes.length).toBeGreaterThan(1);
    expect(left.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '1 runtime is that of createRuntime() of nexus-runtime: make one for the whole application',
    ]);
    // What was changed is found changed.
    expect(migrateHostCode(code, { filename })).toEqual({ code, changes: [], left: [] });
  });

  it.each(LEFT)('%s is left alone, with the reason', (_, code, place) => {
    const migrated = migrateHostCode(code);
    expect(migrated.code).toBe(code);
    expect(migrated.changes).toEqual([]);
    expect(migrated.left.map(({ line, column, message }) => `${line}:${column} ${message}`)).toContainEqual(
      expect.stringContaining(place),
    );
  });

  it('keeps the import if something still needs it', () => {
    const before = "import { VM, NodeVM } from 'vm2';\nconst a = new VM().run(c);\nconst b = new NodeVM();\n";
    expect(migrateHostCode(before).code).toBe(
      `${IMPORT}\nimport { VM, NodeVM } from 'vm2';\nconst a = (await evaluateScript(runtime, c));\nconst b = new NodeVM();\n`,
    );
  });

  it('changes the outer of two calls, and the inner when it is asked again', () => {
    const before = "import { VM } from 'vm2';\nconst a = new VM().run(new VM().run(c));\n";
    const { code, left } = migrateHostCode(before);
    expect(left.some(({ message }) => message.includes('run the codemod again'))).toBe(true);
    expect(migrateHostCode(code).code).toContain('evaluateScript(runtime, (await evaluateScript(runtime, c)))');
  });

  it('lists the whole README of isolated-vm', () => {
    const code = `const ivm = require('isolated-vm');
const isolate = new ivm.Isolate({ memoryLimit: 128 });
const context = isolate.createContextSync();
const jail = context.global;
jail.setSync('global', jail.derefInto());
jail.setSync('log', function (...args) { console.log(...args); });
context.evalSync('log("hello world")');
const hostile = isolate.compileScriptSync('1 + 1');
hostile.run(context).catch((err) => console.error(err));`;
    const { left } = migrateHostCode(code);
    expect(left.map(({ line, message }) => [line, message.split(':')[0]])).toEqual([
      [2, 'Isolate'],
      [3, 'createContextSync'],
      [5, 'setSync'],
      [6, 'setSync'],
      [7, 'evalSync'],
      [8, 'compileScriptSync'],
    ]);
  });

  it('leaves a file without these packages alone', () => {
    const code =
      "import { VM } from './vm.js';\nconst set = new Set();\nset.set(1); isolate.dispose();\nnew VM().run(1);";
    expect(migrateHostCode(code)).toEqual({ code, changes: [], left: [] });
    expect(() => migrateHostCode(5 as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('is changed in files, and what is left is printed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nexus-codemod-'));
    const print = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    try {
      const file = join(folder, 'rules.ts');
      const before =
        "import { VM } from 'vm2';\nexport const f = (c: string) => new VM().run(c);\nexport const g = async (c: string) => new VM().run(c);\n";
      await writeFile(file, before);
      expect(await migrateFiles([file])).toBe(2);
      expect(await readFile(file, 'utf8')).toBe(before);
      await migrateFiles([file], { write: true });
      expect(await readFile(file, 'utf8')).toContain('=> (await evaluateScript(runtime, c));');
      expect(print.mock.calls.flat()).toContain(
        `${file}:2:33 left: it stands where \`await\` cannot: make the function around it async`,
      );
    } finally {
      print.mockRestore();
      await rm(folder, { recursive: true });
    }
  });
});

describe('evaluateScript', () => {
  it('does what VM.run did', () =>
    withRuntime({ maxInstances: 1 }, async (runtime) => {
      expect(await evaluateScript(runtime, '1 + 1')).toBe(2);
      const lines: unknown[] = [];
      const sandbox = {
        order: { total: 5 },
        rate: async (currency: string) => (currency === 'EUR' ? 2 : 1),
        console: { log: (...args: unknown[]) => lines.push(args), error: (text: string) => lines.push(`! ${text}`) },
      };
      const code = 'console.log("at", order);\nconsole.error("x");\nrate("EUR").then((rate) => rate * order.total)';
      expect(await evaluateScript(runtime, code, { sandbox })).toBe(10);
      expect(lines).toEqual([['at { total: 5 }'], '! x']);
      const failed = evaluateScript(runtime, '\nnull.x', { filename: 'rule.js' });
      expect(await rejection(failed)).toMatchObject({
        name: 'NexusError',
        code: 'EXECUTION_ERROR',
        message: "TypeError: cannot read properties of null (reading 'x'), of null.x",
        context: { location: { line: 2, column: 5 } },
      });
      expect(await rejection(evaluateScript(runtime, 'for (;;);', { timeoutMs: 20 }))).toMatchObject({
        code: 'TIMEOUT',
      });
      expect(await rejection(evaluateScript(runtime, '1', { sandbox: { a: { b: () => 1 } } }))).toMatchObject({
        code: 'SERIALIZATION_ERROR',
        message: expect.stringContaining('a.b is a function'),
      });
      expect(await rejection(evaluateScript(runtime, '1', { timeout: 5 } as never))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }));
});
