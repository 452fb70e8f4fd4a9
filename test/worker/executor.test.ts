import { beforeAll, describe, expect, it } from 'vitest';

import type { Executor } from '#src/worker/executor.js';
import { ALL_CAPABILITIES, createExecutor, runInThread } from '../support/executor.js';

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

const run = (...args: Parameters<typeof runInThread> extends [unknown, ...infer Rest] ? Rest : never) =>
  runInThread(executor, ...args);

describe('isolation', () => {
  it('two executions of a handler that changes globals and prototypes do not see each other', async () => {
    const source = `
      const seen = [typeof leaked, [].poisoned, Object.keys(globalThis).includes('mine'), Math.max(1, 2), $args.n];
      leaked = 1; Array.prototype.poisoned = true; globalThis.mine = 1; Math.max = () => 'broken';
      Object.prototype.toString = null; $args.n = 99; delete globalThis.JSON;
      return seen;
    `;
    // Often enough that the handler gets an image of its own on the way.
    for (let i = 0; i < 8; i++) {
      const outcome = await run(source, { args: { n: 7 } });
      expect(outcome.returnValue).toEqual(['undefined', undefined, false, 2, 7]);
    }
  });

  it('Math.random differs between executions, cold and hot', async () => {
    const drawn = new Set<unknown>();
    for (let i = 0; i < 50; i++) drawn.add((await run('return Math.random()')).returnValue);
    expect(drawn.size).toBe(50);
  });

  it('a seed fixes Math.random and another seed gives another sequence', async () => {
    const draw = (seed: number) => run('return [Math.random(), Math.random()]', {}, { seed });
    const [a, b, c] = [await draw(1), await draw(1), await draw(2)];
    expect(a.returnValue).toEqual(b.returnValue);
    expect(a.returnValue).not.toEqual(c.returnValue);
  });

  it('the clock is the real one, or the caller’s', async () => {
    const before = Date.now();
    const real = (await run('return Date.now()')).returnValue as number;
    expect(real).toBeGreaterThanOrEqual(before);
    expect(real).toBeLessThanOrEqual(Date.now());
    expect((await run('return new Date().toISOString()', {}, { now: 0 })).returnValue).toBe('1970-01-01T00:00:00.000Z');
  });

  it('the time zone is UTC wherever it runs', async () => {
    const source = 'return [new Date(2024, 6, 1).getTimezoneOffset(), new Date(0).getHours()]';
    expect((await run(source)).returnValue).toEqual([0, 0]);
  });

  it('there is no compiler in the VM', async () => {
    const outcome = await run(`
      const attempts = [
        () => eval('1'), () => (0, eval)('1'), () => Function('return 1'), () => new Function('return 1')(),
        () => (async () => {}).constructor('return 1'), () => (function* () {}).constructor('yield 1'),
        () => (async function* () {}).constructor('yield 1'),
      ];
      return attempts.map((attempt) => { try { return attempt() } catch (error) { return error.message } });
    `);
    expect(outcome.returnValue).toEqual(Array(7).fill('eval is not supported'));
  });

  it('no module can be imported', async () => {
    const outcome = await run('try { await import("fs"); return "loaded" } catch (error) { return error.name }');
    expect(outcome.returnValue).not.toBe('loaded');
  });
});

describe('effects', () => {
  it('come in order, and reads after writes see them', async () => {
    const outcome = await run(
      `
        $state.a = 1; $state.b = $state.a + 1; delete $state.old; $state.a = 3;
        $emit('first', { a: $state.a }); $emit('second');
        $view.setFilter('table', { q: 'x' }); $view.command('chart', 'zoom', 2);
        $log('hello', { n: 1 }, 2n); console.warn('careful');
        return [{ ...$state }, 'old' in $state, Object.keys($state)];
      `,
      { stateSnapshot: { old: 0, kept: true }, capabilities: ALL_CAPABILITIES },
    );
    expect(outcome).toMatchObject({
      status: 'success',
      returnValue: [{ kept: true, a: 3, b: 2 }, false, ['kept', 'a', 'b']],
      stateMutations: [
        { operation: 'set', key: 'a', value: 1 },
        { operation: 'set', key: 'b', value: 2 },
        { operation: 'delete', key: 'old' },
        { operation: 'set', key: 'a', value: 3 },
      ],
      events: [{ name: 'first', payload: { a: 3 } }, { name: 'second' }],
      viewCommands: [
        { type: 'setFilter', componentId: 'table', args: [{ q: 'x' }] },
        { type: 'custom', componentId: 'chart', args: ['zoom', 2] },
      ],
      logs: [
        { level: 'info', message: 'hello {"n":1} 2' },
        { level: 'warn', message: 'careful' },
      ],
      hostCalls: 10,
    });
  });

  it('an event keeps the payload it was emitted with', async () => {
    const outcome = await run('const p = { list: [1] }; $emit("e", p); p.list.push(2); p.more = 1; return p');
    expect(outcome.events).toEqual([{ name: 'e', payload: { list: [1] } }]);
  });

  it('effects before an error are reported with it', async () => {
    const outcome = await run('$state.a = 1; $emit("e", 1); throw new Error("late")');
    expect(outcome).toMatchObject({ status: 'error', error: { code: 'EXECUTION_ERROR', message: 'Error: late' } });
    expect(outcome.stateMutations).toHaveLength(1);
    expect(outcome.events).toHaveLength(1);
  });

  it('effects before a timeout are reported with it', async () => {
    const outcome = await run('$state.a = 1; while (true);', undefined, { timeoutMs: 30 });
    expect(outcome.error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'interrupt', value: 30 } });
    expect(outcome.stateMutations).toEqual([{ operation: 'set', key: 'a', value: 1 }]);
  });
});

describe('capabilities', () => {
  it.each([
    ['$state.x = 1', 'state:write:x'],
    ['delete $state.x', 'state:write:x'],
    ['$emit("saved")', 'events:emit:saved'],
    ['$view.focus("field")', 'view:update:field'],
  ])('%s without %s is denied at its line, and can be caught', async (source, capability) => {
    const context = { stateSnapshot: { x: 0 }, capabilities: ['state:read:x'] as const };
    const denied = await run(`\n${source}`, context);
    expect(denied.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability }, location: { line: 2 } });
    const caught = await run(`try { ${source} } catch (error) { return error.code }`, context);
    expect(caught.returnValue).toBe('PERMISSION_DENIED');
    expect((await run(source, { ...context, capabilities: ['state:read:x', capability as never] })).status).toBe(
      'success',
    );
  });

  it('state that may not be read is not in the VM', async () => {
    const context = {
      stateSnapshot: { open: 1, secret: 2, 'user.name': 3 },
      capabilities: ['state:read:open', 'state:read:user.*'] as const,
    };
    expect((await run('return { ...$state }', context)).returnValue).toEqual({ open: 1, 'user.name': 3 });
  });

  it('cover names by prefix before a star', async () => {
    const context = { capabilities: ['events:emit:order.*'] as const };
    expect((await run('$emit("order.paid")', context)).status).toBe('success');
    expect((await run('$emit("orders")', context)).error?.code).toBe('PERMISSION_DENIED');
  });
});

describe('limits', () => {
  it.each([
    ['maxEvents', 'for (let i = 0; i < $args; i++) $emit("e")'],
    ['maxStateMutations', 'for (let i = 0; i < $args; i++) $state["k" + i] = i'],
    ['maxViewCommands', 'for (let i = 0; i < $args; i++) $view.focus("c")'],
    ['maxHostCalls', 'for (let i = 0; i < $args; i++) i % 2 ? $emit("e") : $log("l")'],
  ] as const)('%s lets what it says through and not one more', async (limit, source) => {
    const options = { limits: { [limit]: 6 } };
    const context = (args: number) => ({ args, capabilities: ALL_CAPABILITIES });
    expect((await run(source, context(6), options)).status).toBe('success');
    const over = await run(source, context(7), options);
    expect(over.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit, value: 6 } });
  });

  it('maxResultBytes bounds what comes out', async () => {
    const options = { limits: { maxResultBytes: 1000 } };
    expect((await run('return "x".repeat(500)', {}, options)).status).toBe('success');
    expect((await run('return "x".repeat(1000)', {}, options)).error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxResultBytes', value: 1000 },
    });
  });

  it('memory ends in an error, and the next execution has all of it again', async () => {
    for (let i = 0; i < 3; i++) {
      const outcome = await run('const hog = []; while (true) hog.push(new Uint8Array(1e6))');
      expect(outcome.error?.code).toBe('MEMORY_LIMIT');
      expect((await run('return new Uint8Array(5e6).length')).returnValue).toBe(5e6);
    }
  });

  it('a large library and large handlers survive a neighbour that used up the memory', async () => {
    const source = 'const a = []; for (let i = 0; i < 200000; i++) a.push({ i }); exports.size = () => a.length;';
    const large = await createExecutor([{ name: 'table', filename: 'table.js', source }]);
    const handler = `${'function f() { return [1, 2, 3].map((x) => x + 1) }\n'.repeat(20_000)}return $lib.table.size()`;
    for (let i = 0; i < 3; i++) {
      expect((await runInThread(large, handler)).returnValue).toBe(200_000);
      expect((await runInThread(large, 'const a = []; while (true) a.push(new Uint8Array(1e6))')).status).toBe('error');
    }
  });

  it.each([
    ['until no error object fits', 'return Array(1e6).fill(0).map((_, i) => ({ i }))'],
    [
      'until the outcome cannot be written',
      'let p = Promise.resolve(); for (let i = 0; i < 1e5; i++) p = p.then(() => p); return 1',
    ],
    ['with strings', 'let s = "x"; while (true) s += s + s.length'],
    ['with maps', 'const m = new Map(); for (let i = 0; ; i++) m.set({}, [i])'],
    ['at once', 'return new Uint8Array(1e9)'],
  ])('memory used up %s is MEMORY_LIMIT or an error of the guest, never a torn outcome', async (_title, source) => {
    const outcome = await run(source);
    expect(outcome.status).toBe('error');
    expect(['MEMORY_LIMIT', 'EXECUTION_ERROR']).toContain(outcome.error?.code);
    expect((await run('return 1')).returnValue).toBe(1);
  });

  it('nesting that the engine refuses is STACK_OVERFLOW, from JSON.parse too', async () => {
    expect((await run('return JSON.parse("[".repeat(1e5))')).error?.code).toBe('STACK_OVERFLOW');
  });

  it('recursion is an error that the guest can catch', async () => {
    expect((await run('(function f() { f() })()')).error?.code).toBe('STACK_OVERFLOW');
    expect((await run('try { (function f() { f() })() } catch (e) { return `${e}` }')).returnValue).toBe(
      'RangeError: Maximum call stack size exceeded',
    );
  });
});

describe('errors', () => {
  it('carry the author’s lines and a snippet', async () => {
    const outcome = await run('const a = 1;\n\nfunction fail() {\n  throw new RangeError("too far");\n}\nfail();');
    expect(outcome.error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'RangeError: too far',
      location: { line: 4 },
    });
    expect(outcome.error?.stack).toMatch(/at fail \(handler\.js:4:\d+\)\n.*handler\.js:6:/);
    expect(outcome.error?.snippet).toContain('4 |   throw new RangeError("too far");');
    expect(outcome.error?.stack).not.toContain('nexus:');
  });

  it('errors on the first line have the author’s column', async () => {
    const outcome = await run('throw new Error("x")');
    expect(outcome.error?.location?.line).toBe(1);
    expect(outcome.error?.location?.column).toBeLessThanOrEqual('throw new Error("x")'.length);
  });

  it('errors that are no Error keep their value', async () => {
    expect((await run('throw { code: 42 }')).error).toMatchObject({
      code: 'EXECUTION_ERROR',
      context: { thrown: { code: 42 } },
    });
    expect((await run('throw "plain"')).error?.message).toContain('"plain"');
  });

  it.each([
    ['a column beyond the line', "'    at f (handler.js:2:500000000)'"],
    ['a column beyond all numbers', "'    at f (handler.js:2:1000000000000000)'"],
    ['a line beyond the source', "'    at f (handler.js:99999999:1)'"],
    ['one endless frame', "'at x' + ' ('.repeat(500000)"],
    ['frames without end', "'    at f (handler.js:2:1)\\n'.repeat(100000)"],
    ['no number', "'    at f (handler.js:-1:NaN)'"],
  ])('a stack that the guest wrote itself, with %s, is read within bounds', async (_title, stack) => {
    const outcome = await run(`const e = new Error('x');\ne.stack = ${stack};\nthrow e`);
    expect(outcome.error).toMatchObject({ code: 'EXECUTION_ERROR', message: 'Error: x' });
    expect(outcome.error?.stack?.length ?? 0).toBeLessThan(20_000);
    expect(outcome.error?.snippet?.length ?? 0).toBeLessThan(2_000);
  });

  it('a stack that ends within a frame of the runtime’s own shows nothing of it', async () => {
    for (let padding = 0; padding < 30; padding++) {
      const frames = `'${' '.repeat(padding)}' + '\\n    at f (nexus:prelude:1:1)'.repeat(1000)`;
      const outcome = await run(`const e = new Error('x'); e.stack = ${frames}; throw e`);
      expect(outcome.error?.stack).toBeUndefined();
    }
  });

  it('errors with a code of the runtime’s own that the guest wrote is the guest’s error', async () => {
    const source = 'const e = new Error("m"); e.code = "PERMISSION_DENIED"; e.context = { capability: "x" }; throw e';
    expect((await run(source)).error).toMatchObject({ code: 'EXECUTION_ERROR', message: 'Error: m' });
  });

  it.each([
    'class E extends Error { code = "X"; get context() { throw 1 } get message() { throw 2 } } throw new E()',
    'Object.defineProperty(Error, Symbol.hasInstance, { value() { throw 1 } }); throw new TypeError("real")',
  ])('an error that fights being read is an error all the same: %s', async (source) => {
    expect((await run(source)).error?.code).toBe('EXECUTION_ERROR');
  });

  it('a promise that nothing can settle is a DEADLOCK', async () => {
    expect((await run('await new Promise(() => {})')).error?.code).toBe('DEADLOCK');
  });

  it.each([
    ['return () => 1', 'returnValue'],
    ['return { a: [0, { b: Symbol("s") }] }', 'returnValue.a[1].b'],
    ['return { m: new WeakMap() }', 'returnValue.m'],
    ['return { get x() { return [].values() } }', 'returnValue.x'],
    ['const o = { a: {} }; o.a.b = o; return o', 'returnValue.a.b'],
    ['$state.f = { g() {} }', '$state.f.g'],
    ['$emit("e", { f() {} })', '$emit payload.f'],
  ])('%s is a SERIALIZATION_ERROR at %s', async (source, path) => {
    expect((await run(source)).error).toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path } });
  });
});
