import { afterAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { readForm } from '#src/source/forms/read-form.js';
import { LINKED } from '#src/source/forms/source-shape.js';

const staged = (source: string) => {
  const form = readForm(source, 'handler.js', { isStaged: true });
  if (form.kind !== 'rewritten') throw new Error(JSON.stringify(form));
  const [before, after] = form.text.split(/\n;return function\(\$nexus\d_entry\)/);
  return after === undefined ? undefined : (before as string).slice((before as string).indexOf('"use strict";') + 13);
};

describe('what is pure at the top level of a module', () => {
  it.each([
    ['functions', 'function f() { return 1 }\nasync function* g() {}\nexport default () => f()'],
    ['tables', 'const table = { a: 1, b: [1, "x", null, { c: -1 }] }, re = /a/g;\nexport default () => table.a'],
    ['classes', 'class A { #x = 1; m() { return this.#x } }\nclass B extends A {}\nexport default () => new B().m()'],
    ['collections', 'const names = new Set(["a"]), byName = new Map([["a", 1]]);\nexport default () => names.size'],
    [
      'texts',
      'const day = 24 * 60 * 60, text = `day ${1}`, frozen = Object.freeze({ day: 1 });\nexport default () => day',
    ],
    [
      'an errors class',
      'class Wrong extends Error { constructor() { super("x") } }\nexport default () => { throw new Wrong() }',
    ],
  ])('%s is evaluated before', (_title, source) => {
    const first = staged(source);
    expect(first).toContain('=>');
    for (const line of source.split('\n'))
      expect(first?.replaceAll(/const \$nexus\d_held=\{default:|\};/g, '')).toContain(
        line.replace(/^export default /, '').split(/[;{]/)[0],
      );
  });

  it.each([
    ['calls', 'const x = compute();\nfunction compute() { return $args.x }\nexport default () => x', 'const x'],
    ['state', 'const x = $state.x;\nexport default () => x', 'const x'],
    ['members', 'const x = globalThis.x;\nexport default () => x', 'const x'],
    [
      'what uses what stays',
      'let n = $args.n;\nfunction next() { return n++ }\nexport default () => next()',
      'function next',
    ],
    ['two declarations of one name', 'var a = 1;\nif ($args.x) { var a = 2 }\nexport default () => a', 'var a = 1'],
    ['static blocks', 'class A { static { $emit("x") } }\nexport default () => 1', 'class A'],
    ['spread', 'const a = [...$args.list];\nexport default () => a', 'const a'],
    ['later values', 'const a = [b];\nconst b = 1;\nexport default () => a', 'const a'],
    ['large powers', 'const a = 2n ** 100000000n;\nexport default () => 1', 'const a'],
    ['computed keys', 'const a = { [$args.k]: 1 };\nexport default () => a', 'const a'],
    [
      'a copy of what changes',
      'let n = 1;\nfunction raise() { n++ }\nraise();\nconst a = n, b = [n];\nexport default () => a',
      'const a',
    ],
    [
      'var that was read',
      'const early = get();\nvar x = 1;\nfunction get() { return x }\nexport default () => early',
      'var x',
    ],
    ['var that was changed', 'set();\nvar x = 1;\nfunction set() { x = 5 }\nexport default () => x', 'var x'],
    ['var that what stays reads', 'var a = [b];\nvar b = 1;\nexport default () => a', 'var b'],
    ['a replaced Map', 'globalThis.Map = $args.Map;\nconst a = new Map([]);\nexport default () => 1', 'const a'],
    [
      'a changed Map',
      'Map.prototype.set = () => {};\nconst a = new Map([["a", 1]]);\nexport default () => 1',
      'const a',
    ],
    ['a replaced Error', 'Error = $args.Error;\nclass A extends Error {}\nexport default () => 1', 'class A'],
    ['a shadowed Map', 'function Map() { $emit("x") }\nconst a = new Map([]);\nexport default () => 1', 'const a'],
  ])('%s stay', (_title, source, text) => {
    expect(staged(source) ?? '').not.toContain(text);
  });
});

it('a var is evaluated before if nothing before it knows it', () => {
  const source = 'let n = $args.n;\nvar table = [1];\nfunction of() { return table }\nexport default () => of()[n]';
  expect(staged(source)).toContain('var table');
});

describe('of a bundle, whose variables are all var,', () => {
  const linked = (source: string) => {
    const form = readForm(source, 'handler.js', { isStaged: true, shape: LINKED });
    if (form.kind !== 'rewritten') throw new Error(JSON.stringify(form));
    const [before, after] = form.text.split(/\n;return function\(\$nexus\d_entry\)/);
    return after === undefined ? '' : before;
  };

  it('what the code of a function before it may read is evaluated before', () => {
    expect(
      linked('var first = make();\nvar table = [1];\nfunction make() { return () => table }\nexport default first;'),
    ).toContain('var table');
  });

  it.each([
    ['what a statement before it reads', 'var kind = typeof value;\nvar value = 1;\nexport default () => kind;'],
    [
      'what a function before it changes',
      'set();\nvar value = 1;\nfunction set() { value = 5 }\nexport default () => value;',
    ],
  ])('%s stays', (_title, source) => {
    expect(linked(source)).not.toContain('var value = 1');
  });
});

describe('a module in two stages', () => {
  const runtimes: NexusRuntime[] = [];
  afterAll(() => Promise.all(runtimes.map((runtime) => runtime.shutdown())));

  it('gives the same, with the same count of instructions, cold and with an image; what it changes is gone', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    runtimes.push(runtime);
    const source = `
      let count = 0;
      const seen = new Map([['a', 1]]);
      const table = { list: [1, 2] };
      class Counter { next() { return ++count } }
      export default ({ by }) => {
        seen.set('b', by);
        table.list.push(by);
        return [new Counter().next(), seen.size, table.list.length];
      };
      export const again = () => [count, table.list.join()];`;
    const counts = new Set<number>();
    for (let i = 0; i < 12; i++) {
      const result = await runtime.executeHandler(source, { args: { by: i } });
      expect(result.returnValue).toEqual([1, 2, 3]);
      counts.add(result.metrics.instructionCount);
    }
    expect(counts.size).toBe(1);
    expect((await runtime.executeHandler(source, {}, { entry: 'again' })).returnValue).toEqual([0, '1,2']);
  });

  it('has errors at their places, and resumes', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    runtimes.push(runtime);
    const source = `const table = { a: 1 };
export default async () => {
  const got = await $ext.db.get(table.a);
  return fail(got);
};
function fail(got) {
  throw new TypeError('no ' + got + table.a);
}`;
    const first = await runtime.executeHandler(source, { capabilities: ['ext:db.get'] });
    expect(first.status).toBe('suspended');
    const { error } = await runtime.resumeHandler(first.suspension?.suspensionId ?? '', { success: true, value: 5 });
    expect(error).toMatchObject({ message: 'TypeError: no 51', location: { line: 7, column: 22 } });
    expect(error?.stack).toContain('at fail (handler.js:7:22)');
  });
});
