import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestRuntime, runHandler, type TestRuntime } from '#src/testing/index.js';
import { matchers } from '#src/testing/matchers.js';
import { show } from '#src/testing/show.js';

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await createTestRuntime({ cacheDir: false });
});
afterAll(() => runtime.shutdown());

/** Expressions that mean the same to the host and in the VM. */
const VALUES: readonly string[] = [
  '"text"',
  '"it\'s"',
  '"line\\nline"',
  '"x".repeat(20_000)',
  '-0',
  '10n',
  'null',
  'undefined',
  'Symbol("s")',
  '{ a: 1, "b c": [1, 2, { d: { e: { f: { g: 1 } } } }] }',
  '[1, , 3]',
  'Array.from({ length: 300 }, (_, i) => i)',
  'Array.from({ length: 12 }, (_, i) => "item " + i)',
  'new Map([[{ k: 1 }, new Set([1, "2"])]])',
  'new Date(0)',
  'new Date(NaN)',
  '/a+/gi',
  'new Uint8Array(3)',
  'new ArrayBuffer(4)',
  'new (class Point { x = 1; y = 2 })()',
  'class A {}',
  'function named() {}',
  'async () => {}',
  'Object.create(null)',
  'Object(1)',
  '{ get a() { throw new Error("read") }, set b(v) {} }',
  '(() => { const o = { n: 1 }; o.self = o; return o })()',
  'Object.assign(Object.assign(new RangeError("no"), { stack: "RangeError: no\\n    at f (h.js:1:2)" }), { code: "E", cause: { a: 1 } })',
  'Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => ["k" + i, i]))',
  'Proxy.revocable({}, {}) && (() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()',
  '(() => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return { before: 1, proxy, behind: [2] } })()',
  '{ a: new Proxy({}, { getPrototypeOf() { throw new Error("trap") } }), b: 1 }',
  '{ a: new Proxy({}, { ownKeys() { throw new Error("trap") } }), b: [new Date(0)] }',
  '{ a: Object.defineProperty({}, Symbol.toStringTag, { get() { throw new Error("tag") } }), b: 1 }',
];

describe('what tests show of a value is what the console of the handler shows', () => {
  it.each(VALUES)('%s', async (expression) => {
    const value: unknown = new Function(`return ${expression.startsWith('{') ? `(${expression})` : expression}`)();
    const result = await runtime.executeHandler(`console.dir(${expression}, { depth: 3 })`);
    expect(result.error).toBeUndefined();
    const [line] = result.logs;
    const expected = line?.message ?? '';
    expect(show(value)).toBe(expected.length <= 4_000 ? expected : `${expected.slice(0, 4_000)}…`);
  });
});

describe('a message of a matcher', () => {
  const state = { isNot: false, equals: () => false, utils: { diff: () => undefined } };
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };

  it('is made of values that throw when they are read', async () => {
    const result = await runHandler('$emit("e", 1)', { capabilities: ['events:emit:e'] });
    const { message } = matchers.toHaveEmitted.call(state, result, 'e', { deep: [revoked()] });
    expect(message()).toContain("with { deep: [ <Revoked Proxy> ] }\n\nReceived: it\n  emitted 'e' with 1");
  });

  it('is bounded, however much was emitted and however large it is', async () => {
    const source = 'for (let i = 0; i < 30; i++) $emit("e", Array.from({ length: 100 }, () => "x".repeat(100)))';
    const result = await runHandler(source, { capabilities: ['events:emit:e'] });
    expect(result.events).toHaveLength(30);
    const { message } = matchers.toHaveEmitted.call(state, result, 'f', 'y'.repeat(1_000_000));
    const text = message();
    expect(text.length).toBeLessThan(100_000);
    expect(text).toMatch(/\n {2}… 10 more$/);
  });
});

it('a call without a mock is written in the same way, bounded', async () => {
  const source = 'await $ext.a.b({ list: Array.from({ length: 5_000 }, (_, i) => i), at: new Date(0) })';
  const error = await runHandler(source, { ext: { a: { c: () => 1 } }, capabilities: ['ext:*'] }).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error?.message).toContain('... 4900 more items');
  expect(error?.message.length).toBeLessThan(10_000);
});
