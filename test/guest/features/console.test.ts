import { format } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmResult } from '#src/index.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxLogBytes: 4_000_000 });
});
afterAll(() => runtime.shutdown());

const run = (source: string): Promise<WasmResult> => runtime.executeHandler(source);

/** Texts of expressions: what they are in Node and in a handler is made of the same source. */
const { expression } = fc.letrec<{ expression: string; primitive: string; key: string }>((tie) => {
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.string({ unit: 'grapheme', maxLength: 10 }),
    fc.constantFrom("it's", '"', '`${', '\'"`', '\n\t\0\\', 'a'.repeat(90), 'line\n'.repeat(30), '\ud800x'),
  );
  const list = <T>(item: fc.Arbitrary<T>, most = 9) => fc.array(item, { maxLength: most });
  return {
    key: fc
      .oneof(
        fc.constantFrom('a', 'b1', '_x', "'a-b'", "'1'", "''", "'__proto_'", "[Symbol('s')]"),
        text.map((key) => JSON.stringify(key)),
      )
      .filter((key) => key !== '"__proto__"'),
    primitive: fc.oneof(
      text.map((value) => JSON.stringify(value)),
      fc.integer().map(String),
      fc.double().map((value) => (Object.is(value, -0) ? '-0' : String(value))),
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((value) => `${value}n`),
      fc.constantFrom('null', 'undefined', 'true', 'NaN', '-0', "Symbol('sym')", 'Symbol()', '/a[b]/gi'),
    ),
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('primitive'),
      list(tie('expression')).map((items) => `[${items.join(', ')}]`),
      list(fc.integer({ min: -1000, max: 100_000 }).map(String), 120).map((items) => `[${items.join(', ')}]`),
      list(
        fc.string({ maxLength: 12 }).map((item) => JSON.stringify(item)),
        40,
      ).map((items) => `[${items.join(', ')}]`),
      list(fc.tuple(tie('key'), tie('expression'))).map(
        (entries) => `({${entries.map(([key, value]) => `${key}: ${value}`).join(', ')}})`,
      ),
      list(fc.tuple(tie('expression'), tie('expression')), 5).map(
        (entries) => `new Map([${entries.map(([key, value]) => `[${key}, ${value}]`).join(', ')}])`,
      ),
      list(tie('expression'), 5).map((items) => `new Set([${items.join(', ')}])`),
      fc.integer({ min: 0, max: 2 ** 40 }).map((time) => `new Date(${time})`),
      list(fc.integer({ min: 0, max: 255 }).map(String), 20).map((items) => `new Uint8Array([${items.join(', ')}])`),
      list(fc.integer({ min: 0, max: 255 }).map(String), 8).map(
        (items) => `new Uint8Array([${items.join(', ')}]).buffer`,
      ),
      tie('expression').map((value) => `new (class Order { constructor() { this.v = ${value} } })()`),
      tie('expression').map((value) => `new (class extends Map {})([[1, ${value}]])`),
      tie('expression').map((value) => `Object.assign(Object.create(null), { v: ${value} })`),
      tie('expression').map((value) => `Object.assign(() => 1, { v: ${value} })`),
      tie('expression').map((value) => `Object.assign([1, 2], { v: ${value} })`),
      fc.constantFrom(
        ...[
          '[1, , 3]',
          '[, ]',
          'new Array(5)',
          'new Date(NaN)',
          'function f() {}',
          'async () => 1',
          'function* g() {}',
        ],
        ...[
          'class A {}',
          'class B extends Map {}',
          'Object(5)',
          "Object('abc')",
          'Object(true)',
          'new WeakMap()',
          'new WeakSet()',
        ],
        ...[
          'Math',
          'JSON',
          '({ get a() { return 1 } })',
          '({ get a() { return 1 }, set a(v) {} })',
          '({ set a(v) {} })',
        ],
        ...[
          '((o) => { o.self = o; return o })({ a: 1 })',
          '((a) => { a.push(a, { a }); return a })([1])',
          'new DataView(new ArrayBuffer(2))',
        ],
        ...[
          "({ [Symbol.toStringTag]: 'Tag' })",
          "new (class { get [Symbol.toStringTag]() { return 'T' } })()",
          'Object.create({})',
        ],
        ...[
          'new BigInt64Array(2)',
          'new Float32Array([1.5])',
          'Object.assign(/x/, { a: 1 })',
          'Object.assign(new Date(0), { a: 1 })',
        ],
      ),
    ),
  };
});

/** What stands for a value whose text depends on the engine. */
function inNode(expressions: readonly string[], method = 'log'): string[] {
  const lines: string[] = [];
  const console = { log: (...args: unknown[]) => lines.push(format(...args)) };
  runInNewContext(expressions.map((one) => `console.${method}(${one});`).join('\n'), { console });
  return lines;
}

async function inHandler(expressions: readonly string[]): Promise<string[]> {
  const result = await run(expressions.map((one) => `console.log(${one});`).join('\n'));
  expect(result.error).toBeUndefined();
  return result.logs.map(({ message }) => message);
}

describe('console.log writes what Node writes', () => {
  it('for values of every kind that it promises', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(expression, { minLength: 40, maxLength: 40 }), async (expressions) => {
        expect(await inHandler(expressions)).toEqual(inNode(expressions));
      }),
      { numRuns: 50, seed: 20_260_801 },
    );
  });

  it.each([
    ["'%s is %d', 'x', 5, new Map([[1, 2]]), new Set([3]), /r/g, 7n, { big: 8n }"],
    ["'%s %s %s', {}, [1, { a: 1 }], null"],
    ["'%s', new (class { toString() { return 'own' } })()"],
    ["'%i %f %d', '12.9px', '1.5e3', '0x10'"],
    ["'%d %i', 5n, 'x'"],
    ["'%j %j', { a: [1] }, undefined"],
    ["'%O', { a: { b: { c: { d: 1 } } } }"],
    ["'%c styled %%', 'color: red'"],
    ["'100%', 5"],
    ["'%', 5"],
    ["'%s'"],
    ["'%x %s', 1, 2"],
    ["'a', 'b', 1"],
    ["5, '%s', 'x'"],
    ["'%s', Symbol('x')"],
    [''],
  ])('with a format: %s', async (args) => {
    expect(await inHandler([args])).toEqual(inNode([args]));
  });

  it('for errors of all classes, but for the frames of their stacks', async () => {
    const errors = [
      "new Error('x')",
      "new (class Invalid extends Error {})('x')",
      "new (class FooError extends Error {})('x')",
      "new (class Other extends TypeError {})('x')",
      "new Error('x', { cause: { a: 1 } })",
      "({ e: new Error('inner') })",
    ].map(
      (error) =>
        `((e) => { const strip = (o) => { if (o?.stack) o.stack = o.stack.split('\\n')[0] + '\\n    at frame'; if (o?.e) strip(o.e) }; strip(e); return e })(${error})`,
    );
    expect(await inHandler(errors)).toEqual(inNode(errors));
  });
});

describe('console', () => {
  it('has the methods of Node, each with its level', async () => {
    const { logs, status } = await run(`
      console.debug('d'); console.info('i'); console.warn('w'); console.error('e');
      console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
      console.group('g'); console.log('in\\nside'); console.groupEnd(); console.log('out');
      console.count(); console.count('x'); console.count(); console.countReset(); console.count();
      console.assert(true, 'fine'); console.assert(1 === 2, 'no %s', 'way'); console.assert(false);
      console.time('t'); console.timeEnd('t'); console.timeEnd('t');`);
    expect(status).toBe('success');
    expect(logs.map(({ level, message }) => `${level} ${message.replace(/\d+ms/, 'ms')}`)).toEqual([
      ...['debug d', 'info i', 'warn w', 'error e', 'info { a: [Object] }', 'info g', 'info   in\n  side', 'info out'],
      ...['info default: 1', 'info x: 1', 'info default: 2', 'info default: 1'],
      ...['warn Assertion failed: no way', 'warn Assertion failed', 'info t: ms'],
      "warn Warning: No such label 't' for console.timeEnd()",
    ]);
  });

  it('draws tables', async () => {
    const { logs } = await run("console.table([{ a: 1, b: 'x' }, { a: 2 }]); console.table(5)");
    expect(logs[0]?.message).toBe(
      [
        '┌─────────┬───┬─────┐',
        '│ (index) │ a │ b   │',
        '├─────────┼───┼─────┤',
        "│ 0       │ 1 │ 'x' │",
        '│ 1       │ 2 │     │',
        '└─────────┴───┴─────┘',
      ].join('\n'),
    );
    expect(logs[1]?.message).toBe('5');
  });

  it('traces where it was called, without frames of ours', async () => {
    const { logs } = await run("const f = () => console.trace('here %d', 5);\nf();");
    expect(logs[0]?.message).toMatch(
      /^Trace: here 5\n {4}at f \(handler\.js:1:\d+\)\n {4}at <anonymous> \(handler\.js:2:\d+\)$/,
    );
  });

  it('bounds what one value comes to', async () => {
    const { logs, status } = await run(`
      const wide = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 'x'.repeat(100)));
      console.log(wide);
      let deep = {}; for (let i = 0; i < 10_000; i++) deep = { deep };
      console.dir(deep, { depth: Infinity });
      console.log('%o', new Array(2 ** 31));`);
    expect(status).toBe('success');
    for (const { message } of logs) expect(message.length).toBeLessThan(120_000);
  });

  it('is under the limit of the log', async () => {
    const { error } = await runtime.executeHandler("console.log('x'.repeat(2_000))", undefined, {
      limits: { maxLogBytes: 1_000 },
      onLogOverflow: 'error',
    });
    expect(error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxLogBytes' } });
  });
});
