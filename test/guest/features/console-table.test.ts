import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxLogBytes: 4_000_000 });
});
afterAll(() => runtime.shutdown());

function inNode(args: readonly string[]): string[] {
  return args.map((one) => {
    let text = '';
    const stdout = new Writable({
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    });
    runInNewContext(`console.table(${one})`, { console: new Console({ stdout, colorMode: false }) });
    return text.slice(0, -1);
  });
}

async function inHandler(args: readonly string[]): Promise<string[]> {
  const { error, logs } = await runtime.executeHandler(args.map((one) => `console.table(${one});`).join('\n'));
  expect(error).toBeUndefined();
  return logs.map(({ message }) => message);
}

describe('console.table draws what Node draws', () => {
  it.each([
    ['a list of rows', "[{ a: 1, b: 'x' }, { a: 2 }]"],
    ['primitives among rows', "[{ a: 1 }, 5, 'text', null, undefined, 7n, Symbol('s')]"],
    ['a list of lists', '[[1, 2], [3, 4, 5]]'],
    ['lists in cells', '[{ a: [1, 2, 3, 4, 5], b: [{ c: 1 }] }]'],
    ['objects in cells', '[{ a: { b: 1 }, c: { d: 1, e: { f: 1 } }, g: { h: 1, i: 2, j: 3 } }]'],
    [
      'values of builtin classes in cells',
      '[{ d: new Date(0), m: new Map([[1, { a: 2 }]]), s: new Set([1, 2, 3, 4, 5]), r: /x/g }]',
    ],
    ['functions in cells and as rows', '[{ f() {} }, () => 1, class A {}]'],
    ['an object of rows', '({ first: { a: 1 }, second: { b: 2 }, third: 3 })'],
    ['keys that are numbers, in their order', '[{ b: 1, 2: 2 }, { 1: 3, a: 4 }]'],
    ['a Map', "new Map([['a', 1], [{ k: 1 }, { x: 1, y: [1, 2, 3, 4] }]])"],
    ['a Set', "new Set([1, 'b', { c: 1 }])"],
    ['an empty Map', 'new Map()'],
    ['an empty Set', 'new Set()'],
    ['an empty list', '[]'],
    ['an empty object', '{}'],
    ['rows without columns', '[{}, {}]'],
    ['a hole', '[1, , 3]'],
    ['a typed array', 'new Uint8Array([1, 2])'],
    ['chosen columns', '[{ a: 1, b: 2 }, { b: 3 }, 4], ["b"]'],
    ['chosen columns that there are not', '[{ a: 1 }], ["z", "a"]'],
    ['chosen columns of primitives', '[4, null], ["b"]'],
    ['chosen columns of nothing', '[], ["b"]'],
    ['no columns', '[{ a: 1 }], []'],
    ['a long text', "[{ a: 'x'.repeat(200), b: 'line\\nbreak ' + 'y'.repeat(100) }]"],
    ['wide and combined characters', "[{ 名前: '日本語', b: 'é\\u0301', c: '😀' }]"],
    ['what is no object', "'text'"],
    ['null', 'null'],
    ['a function', '() => 1'],
    ['properties of a class', 'new (class Order { constructor() { this.id = 1; this.lines = [{ n: 1 }] } })()'],
    ['inherited members, which are not shown', '[Object.create({ a: 1 }, { b: { value: 2, enumerable: true } })]'],
  ])('%s', async (_what, args) => {
    expect(await inHandler([args])).toEqual(inNode([args]));
  });

  it('for rows of any values', { timeout: 60_000 }, async () => {
    const value = fc.oneof(
      fc.integer().map(String),
      fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text)),
      fc.array(fc.integer({ max: 99, min: -9 }).map(String), { maxLength: 6 }).map((list) => `[${list.join(', ')}]`),
      fc.constantFrom('null', 'undefined', 'true', '-0', '5n', '{ a: { b: 1 } }', 'new Date(5)', '/x/', '[[1]]', '{}'),
    );
    const row = fc.oneof(
      value,
      fc
        .array(fc.tuple(fc.constantFrom('a', 'b', 'c', '1', '0'), value), { maxLength: 4 })
        .map((entries) => `{ ${entries.map(([key, item]) => `${key}: ${item}`).join(', ')} }`),
    );
    const rows = fc.array(row, { maxLength: 5 }).map((list) => `[${list.join(', ')}]`);
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { minLength: 30, maxLength: 30 }), async (tables) => {
        expect(await inHandler(tables)).toEqual(inNode(tables));
      }),
      { numRuns: 10, seed: 20_260_802 },
    );
  });
});

describe('console.table', () => {
  it('counts the rows and columns that it leaves out', async () => {
    const [rows = '', columns = ''] = await inHandler([
      'Array.from({ length: 1_005 }, (_, i) => i)',
      '[Object.fromEntries(Array.from({ length: 103 }, (_, i) => ["k" + i, i]))]',
    ]);
    expect(rows.split('\n')).toHaveLength(1_005);
    expect(rows).toMatch(/\n\.\.\. 5 more rows$/);
    expect(columns).toMatch(/\n\.\.\. 3 more columns$/);
  });

  it('is bounded, however wide it is', async () => {
    const [wide = ''] = await inHandler(["Array.from({ length: 1_000 }, () => 'x'.repeat(5_000))"]);
    expect(wide.length).toBeLessThan(300_000);
    expect(wide).toMatch(/\n\.\.\. \d+ more rows$/);
  });
});
