import { beforeAll, describe, expect, it } from 'vitest';

import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../support/executor.js';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor();
});

/** The same handler without the word that makes it an async function, and with it. */
const FORMS = [
  ['without await', ''],
  ['with await', '\n// await'],
] as const;

describe.each(FORMS)('what a handler %s returns', (_form, suffix) => {
  const run = (source: string) => runInThread(executor, source + suffix);

  it.each([
    ['a value', 'return 42'],
    ['a promise', 'return Promise.resolve(42)'],
    ['a promise of a promise', 'return Promise.resolve().then(() => Promise.resolve(42))'],
    ['a thenable', 'return { then(resolve) { resolve(42) } }'],
    ['a thenable of its prototype', 'class T { then(resolve) { resolve(42) } } return new T()'],
    ['a thenable that is a function', 'return Object.assign(() => {}, { then(resolve) { resolve(42) } })'],
    [
      'a proxy that has then only when it is asked for it',
      'const p = Promise.resolve(42); return new Proxy({}, { get: (_, key) => (key === "then" ? p.then.bind(p) : undefined) })',
    ],
    ['a thenable that resolves twice', 'return { then(resolve) { resolve(42); resolve(1) } }'],
  ])('is waited for: %s', async (_kind, source) => {
    expect(await run(source)).toMatchObject({ status: 'success', returnValue: 42 });
  });

  it('is asked once whether it has a then', async () => {
    const source = 'let asked = 0; return { get then() { asked++; return (resolve) => resolve(asked) } }';
    expect((await run(source)).returnValue).toBe(1);
  });

  it.each([
    ['that is not called', 'return { then: 1, a: 2 }', { a: 2 }],
    [
      'whose presence a proxy refuses to tell',
      'return new Proxy({ a: 1 }, { has() { throw new Error("has") } })',
      { a: 1 },
    ],
  ])('is a value with a then %s', async (_kind, source, expected) => {
    expect(await run(source)).toMatchObject({ status: 'success', returnValue: expected });
  });

  it.each([
    ['throws', 'throw new TypeError("no")'],
    ['returns a promise that is rejected', 'return Promise.reject(new TypeError("no"))'],
    ['returns a thenable that refuses', 'return { then(_, reject) { reject(new TypeError("no")) } }'],
    ['returns a thenable that throws', 'return { then() { throw new TypeError("no") } }'],
    ['has an accessor for then that throws', 'return { get then() { throw new TypeError("no") } }'],
  ])('is an error when it %s', async (_kind, source) => {
    const { status, error } = await run(source);
    expect({ status, message: error?.message }).toEqual({ status: 'error', message: 'TypeError: no' });
  });

  it('has its error at the line of the call, in whatever chain of calls it stands', async () => {
    const source = 'const items = [1];\nreturn items\n  .filter((x) => x > 0)\n  .map((x) => x)\n  .missing();';
    expect((await run(source)).error?.location).toEqual({ line: 5, column: 11 });
  });

  it('has its error at the line of the call in a function of its own', async () => {
    const source = 'function find(items) {\n  return items\n    .map((x) => x)\n    .missing();\n}\nfind([1]);';
    expect((await run(source)).error?.location?.line).toBe(4);
  });

  it('is an error that survives a heap without room', async () => {
    const source = `
      const mine = new Error('mine');
      const kept = [];
      try { for (;;) kept.push(new Array(50_000).fill(0)) } catch {}
      try { for (;;) kept.push({ a: kept.length }) } catch {}
      throw mine;`;
    expect(['EXECUTION_ERROR', 'MEMORY_LIMIT']).toContain((await run(source)).error?.code);
  });
});
