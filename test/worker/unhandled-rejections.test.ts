import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

import type { ExecuteOptions } from '#src/execution/request/execute-options.js';
import type { ReadOutcome } from '#src/execution/result/outcome.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../support/executor.js';

/** The number of executions after which a handler certainly has an image. */
const TIMES = 5;

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

/** Executes a handler cold and hot, and wants the same each time. */
async function run(source: string, options: ExecuteOptions = {}): Promise<ReadOutcome> {
  const first = await runInThread(executor, source, undefined, options);
  for (let i = 1; i < TIMES; i++) {
    expect(await runInThread(executor, source, undefined, options)).toEqual(first);
  }
  return first;
}

/** Handlers that succeed, with the number of unhandled rejections. Each must be the same in Node. */
const HANDLERS: readonly [count: number, what: string, source: string][] = [
  [0, 'a rejection handled at once', 'Promise.reject(1).catch(() => {}); return 1'],
  [0, 'one handled some jobs later', 'const p = Promise.reject(1); await null; await null; p.catch(() => {})'],
  [
    0,
    'one handled after the handler returned',
    'const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => {}))',
  ],
  [0, 'one handled twice', 'const p = Promise.reject(1); p.catch(() => {}); p.catch(() => {}); return 1'],
  [0, 'one awaited in try', 'try { await Promise.reject(1) } catch (e) { return e }'],
  [0, 'a chain that ends in catch', 'Promise.reject(1).then(() => 2).then(() => 3).finally(() => {}).catch(() => {})'],
  [
    0,
    'Promise.all that is awaited, with two rejections',
    'try { await Promise.all([Promise.reject(1), Promise.reject(2)]) } catch {}',
  ],
  [0, 'Promise.allSettled', 'return (await Promise.allSettled([Promise.reject(1), 2])).length'],
  [0, 'Promise.any that one fulfils', 'return Promise.any([Promise.reject(1), 2])'],
  [0, 'Promise.race that is won', 'return Promise.race([2, Promise.reject(1)])'],
  [0, 'a promise that is never settled', 'new Promise(() => {}).then(() => { throw 1 }); return 1'],
  [0, 'a rejection after it was resolved', 'new Promise((resolve, reject) => { resolve(1); reject(2); throw 3 })'],
  [
    0,
    'an async generator whose error is caught',
    'async function* g() { yield 1; throw 2 } try { for await (const x of g()) x } catch {}',
  ],
  [0, 'a thenable that rejects and is awaited', 'try { await { then(_, no) { no(1) } } } catch {}'],
  [
    0,
    'a rejected promise returned by an async function that is awaited',
    'const f = async () => Promise.reject(1); try { await f() } catch {}',
  ],
  [1, 'a rejection', 'Promise.reject(1); return 1'],
  [1, 'an executor that throws', 'new Promise(() => { throw 1 }); return 1'],
  [1, 'an async function called without await', 'const f = async () => { undefined.x }; f(); return 1'],
  [1, 'one that throws later', 'const f = async () => { await null; await null; undefined.x }; f(); return 1'],
  [1, 'a then that throws', 'Promise.resolve(1).then(() => { undefined.x }); return 1'],
  [1, 'a rejection at the head of a chain', 'Promise.reject(1).then(() => 2).then(() => 3); return 1'],
  [2, 'a chain that forks', 'const p = Promise.reject(1); p.then(() => 2); p.then(() => 3); return 1'],
  [
    1,
    'a chain of which one branch is handled',
    'const p = Promise.reject(1); p.then(() => 2); p.catch(() => 3); return 1',
  ],
  [1, 'finally', 'Promise.reject(1).finally(() => {}); return 1'],
  [1, 'finally that throws', 'Promise.resolve(1).finally(() => { throw 2 }); return 1'],
  [1, 'a catch that throws', 'Promise.reject(1).catch(() => { throw 2 }); return 1'],
  [1, 'a catch that rejects', 'Promise.reject(1).catch(() => Promise.reject(2)); return 1'],
  [
    1,
    'Promise.all without await, with two rejections',
    'Promise.all([Promise.reject(1), Promise.reject(2)]); return 1',
  ],
  [1, 'Promise.any that nobody fulfils', 'Promise.any([Promise.reject(1), Promise.reject(2)]); return 1'],
  [1, 'Promise.race', 'Promise.race([Promise.reject(1), Promise.reject(2)]); return 1'],
  [
    1,
    'one of three that is not awaited',
    'const [a, b, c] = [1, 2, 3].map((n) => Promise.reject(n)); for (const p of [a, c]) try { await p } catch {}',
  ],
  [
    1,
    'the second of two that are awaited in turn',
    'const [a, b] = [1, 2].map((n) => Promise.reject(n)); try { await a; await b } catch {}',
  ],
  [1, 'an async generator', 'async function* g() { throw 1 } g().next(); return 1'],
  [1, 'a return of an async generator', 'async function* g() { yield 1 } g().return(Promise.reject(1)); return 1'],
  [
    1,
    'a finally of an async generator',
    'async function* g() { try { yield 1 } finally { throw 1 } } const i = g(); await i.next(); i.return(); return 1',
  ],
  [
    1,
    'promises that a loop leaves behind',
    'try { for await (const x of [Promise.reject(1), Promise.reject(2)]) x } catch {}',
  ],
  [1, 'a thenable that rejects', 'Promise.resolve({ then(_, no) { no(1) } }); return 1'],
  [1, 'a thenable that throws', 'Promise.resolve({ then() { throw 1 } }); return 1'],
  [1, 'a rejected promise returned by an async function', 'const f = async () => Promise.reject(1); f(); return 1'],
  [1, 'a promise resolved with itself', 'let r; const p = new Promise((x) => { r = x }); r(p); return 1'],
  [1, 'a subclass of Promise', 'class P extends Promise {} P.reject(1); return 1'],
  [1, 'a mapper that throws', 'Promise.all([1].map(async (n) => { throw n })); return 1'],
  [3, 'three of them', 'for (let i = 0; i < 3; i++) Promise.reject(i); return 1'],
  [100, 'more than are listed', 'for (let i = 0; i < 100; i++) Promise.reject(i); return 1'],
  [
    20,
    'more than are listed, of which some are handled',
    'for (const p of Array.from({ length: 100 }, (_, i) => Promise.reject(i)).slice(20)) p.catch(() => {})',
  ],
];

describe('a promise that is rejected and handled by nobody', () => {
  it.each(HANDLERS)('counts: %i for %s', async (count, _what, source) => {
    const outcome = await run(source);
    if (count === 0) {
      expect(outcome.error).toBeUndefined();
      expect(outcome.status).toBe('success');
      return;
    }
    expect(outcome).toMatchObject({
      status: 'error',
      error: {
        code: 'EXECUTION_ERROR',
        message: expect.stringMatching(/^A promise was rejected and not handled: /),
        context: { unhandledRejections: count },
      },
    });
    expect(outcome.returnValue).toBeUndefined();
  });

  it('is what Node says it is', async () => {
    const program = fileURLToPath(new URL('count-rejections.mjs', import.meta.url));
    const node = promisify(execFile)(process.execPath, [program]);
    node.child.stdin?.end(JSON.stringify(HANDLERS.map(([, , source]) => source)));
    const counts = JSON.parse((await node).stdout) as number[];
    expect(HANDLERS.map(([, what], i) => [counts[i], what])).toEqual(HANDLERS.map(([count, what]) => [count, what]));
  });

  it('is reported like a thrown error: with message, place, stack and snippet', async () => {
    const { error } = await run(`
const save = async () => {
  await null;
  $args.nothing.name();
};
save();
return 'saved';`);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^A promise was rejected and not handled: TypeError: cannot read properties of undefined/,
      ),
      location: { line: 4 },
      stack: expect.stringContaining('save (handler.js:4:'),
      snippet: expect.stringContaining('$args.nothing.name()'),
    });
  });

  it.each([
    ['"text"', 'text', '"text"'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['7', 7, '7'],
    ['{ status: 404 }', { status: 404 }, 'an object that is not an Error'],
    ['[1]', [1], 'an object that is not an Error'],
    ['Symbol("s")', 'Symbol(s)', '"Symbol(s)"'],
  ])('a promise that is rejected and handled by nobody with %s keeps that value', async (reason, thrown, rendered) => {
    expect((await run(`Promise.reject(${reason})`)).error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: `A promise was rejected and not handled: ${rendered}`,
      context: { thrown, unhandledRejections: 1 },
    });
  });

  it('is told by the first of several that are left', async () => {
    const { error } = await run(`
      const [a] = ['a', 'b', 'c', 'd'].map((reason) => Promise.reject(reason));
      a.catch(() => {});
    `);
    expect(error?.context).toEqual({ thrown: 'b', unhandledRejections: 3 });
  });

  it('keeps the code that the reason carries, and what it says', async () => {
    const denied = await runInThread(executor, '(async () => { $emit("saved") })()', { capabilities: [] });
    expect(denied.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: 'A promise was rejected and not handled: The handler has no capability "events:emit:saved"',
      context: { capability: 'events:emit:saved', unhandledRejections: 1 },
      location: { line: 1 },
    });
    const deep = await run('(async function f() { await f() })(); (async () => { (function g() { g() })() })()');
    expect(deep.error?.code).toBe('STACK_OVERFLOW');
  });

  it('leaves the effects: those before it, and those of jobs that ran after it', async () => {
    const outcome = await run(`
      $state.before = 1;
      (async () => { $emit('started'); await null; throw new Error('lost') })();
      Promise.resolve().then(() => {}).then(() => {}).then(() => { $state.after = 2; $log('done') });
      return 1;
    `);
    expect(outcome).toMatchObject({
      status: 'error',
      stateMutations: [{ key: 'before' }, { key: 'after' }],
      events: [{ name: 'started' }],
      logs: [{ message: 'done' }],
      error: { message: 'A promise was rejected and not handled: Error: lost' },
    });
  });

  it('does not hide the error of a handler that fails by itself', async () => {
    const { error } = await run('Promise.reject(new Error("lost")); throw new Error("own")');
    expect(error).toMatchObject({ code: 'EXECUTION_ERROR', message: 'Error: own' });
    expect(error?.context).toBeUndefined();
  });

  it('explains a handler that waits for ever better than DEADLOCK', async () => {
    const waiting = 'await new Promise((resolve) => { load().then(resolve) }); async function load()';
    expect((await run(`${waiting} { throw new Error("lost") }`)).error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'A promise was rejected and not handled: Error: lost',
    });
    expect((await run(`${waiting} { await new Promise(() => {}) }`)).error?.code).toBe('DEADLOCK');
  });

  it('is not looked for when time ran out before the jobs were done', async () => {
    const source = 'Promise.reject(1); (function again() { Promise.resolve().then(again) })()';
    const { error } = await runInThread(executor, source, undefined, { timeoutMs: 50 });
    expect(error?.code).toBe('TIMEOUT');
  });

  it('is not judged while the handler waits for an answer, only once it has ended', async () => {
    const context = { capabilities: ['ext:http'] } as const;
    const waiting = await runInThread(executor, 'Promise.reject(1); await $ext.http.get("/a")', context);
    expect(waiting.status).toBe('suspended');
    // What it began and does not await changes nothing: nothing more is awaited after an error.
    const ended = await runInThread(executor, 'Promise.reject(1); $ext.http.get("/a"); return 2', context);
    expect(ended.error).toMatchObject({ code: 'EXECUTION_ERROR', context: { thrown: 1, unhandledRejections: 1 } });
  });

  it('an unhandled rejection of one handler is not there for the next', async () => {
    expect((await run('Promise.reject(1)')).status).toBe('error');
    expect((await run('return 1')).status).toBe('success');
  });
});

describe('a hostile handler', () => {
  it('a handler with 1,000,000 unhandled rejections is an error, and counted', async () => {
    const outcome = await runInThread(executor, 'for (let i = 0; i < 1_000_000; i++) Promise.reject(i)', undefined, {
      timeoutMs: 30_000,
    });
    expect(outcome.error?.context).toEqual({ thrown: 0, unhandledRejections: 1_000_000 });
  });

  it('a handler with 1,000,000 rejections that are handled is no error', async () => {
    const source = `
      for (let i = 0; i < 1_000_000; i++) { Promise.reject(i).catch(() => {}); if (i % 1000 === 0) await null }
      return 1;
    `;
    const outcome = await runInThread(executor, source, undefined, { timeoutMs: 30_000 });
    expect(outcome).toMatchObject({ status: 'success', returnValue: 1 });
  });

  it.each([
    [
      'throws in its getters',
      'class E extends Error { get message() { throw 1 } get stack() { throw 2 } } Promise.reject(new E())',
    ],
    ['cannot be made text', 'const f = () => {}; f.toString = () => { throw 1 }; Promise.reject(f)'],
    [
      'handles its own promise while it is read',
      'let p; class E extends Error { get message() { p?.catch(() => {}); p = null; return "m" } } p = Promise.reject(new E())',
    ],
    [
      'rejects more while it is read',
      'class E extends Error { get message() { for (let i = 0; i < 1000; i++) Promise.reject(i); return "m" } } Promise.reject(new E())',
    ],
    [
      'claims a code',
      'const e = new Error("m"); e.code = "PERMISSION_DENIED"; e.unhandledRejections = -5; Promise.reject(e)',
    ],
  ])('a hostile handler whose reason %s gets an error all the same', async (_how, source) => {
    expect((await run(source)).error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: expect.stringMatching(/^A promise was rejected and not handled/),
      context: { unhandledRejections: 1 },
    });
    expect((await run('return 1')).returnValue).toBe(1);
  });

  it.each([
    '{ f() {} }',
    'new WeakMap()',
    'new Proxy({}, { getPrototypeOf() { throw 1 } })',
  ])('a hostile handler whose reason cannot leave the VM is told so as when it throws that: %s', async (reason) => {
    const thrown = await run(`throw ${reason}`);
    expect(thrown.status).toBe('error');
    // What is thrown by the reason itself stands elsewhere.
    const { location: _, snippet: _snippet, message = '', ...error } = thrown.error ?? {};
    expect(message).toMatch(/^The handler threw an object that is not an Error; thrown/);
    expect((await run(`Promise.reject(${reason})`)).error).toMatchObject({
      ...error,
      message: message.replace('The handler threw', 'A promise was rejected and not handled:'),
    });
  });

  it('a hostile handler whose reason cannot be read in time runs into its timeout', async () => {
    const source = 'class E extends Error { get message() { while (true); } } Promise.reject(new E())';
    expect((await runInThread(executor, source, undefined, { timeoutMs: 50 })).error?.code).toBe('TIMEOUT');
  });

  it('a hostile handler that throws an object with the fields of a rejection has thrown an object', async () => {
    expect((await run('throw { unhandledRejections: 3, name: "N", message: "m" }')).error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'The handler threw an object that is not an Error (N: m)',
      context: { thrown: { unhandledRejections: 3, name: 'N', message: 'm' } },
    });
  });

  it('a hostile handler that broke every builtin is found out', async () => {
    const source = `
      const lost = Promise.reject(new Error('lost'));
      Promise.prototype.then = Promise.prototype.catch = () => { throw 1 };
      globalThis.Promise = Array.prototype[Symbol.iterator] = Object.prototype.toString = null;
      Object.defineProperty(Object.prototype, 'unhandledRejections', { set() {}, get: () => 0 });
      Object.defineProperty(Array.prototype, 0, { set() {}, get: () => 0 });
      return 1;
    `;
    expect((await run(source)).error).toMatchObject({
      message: 'A promise was rejected and not handled: Error: lost',
      context: { unhandledRejections: 1 },
    });
  });
});

describe('a library', () => {
  it('a library that leaves an unhandled rejection behind is INVALID_CONFIG with the reason', async () => {
    const source = 'exports.load = async () => { throw new Error("no network here") }; exports.load()';
    await expect(createExecutor([{ name: 'broken', filename: 'broken.js', source }])).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/not handled: Error: no network here/),
      context: { option: 'libraries.broken' },
    });
  });

  it('a library that handles its rejections leaves none to handlers, and those it makes later are theirs', async () => {
    const source = 'Promise.reject(1).catch(() => {}); exports.load = async () => { throw new Error("later") };';
    const withLibrary = await createExecutor([{ name: 'tool', filename: 'tool.js', source }]);
    expect((await runInThread(withLibrary, 'return 1')).status).toBe('success');
    expect((await runInThread(withLibrary, '$lib.tool.load(); return 1')).error?.message).toMatch(/Error: later$/);
  });
});
