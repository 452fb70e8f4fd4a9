import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packMessage } from '#src/codec/message-pack.js';
import { encoded, json } from '#src/index.js';
import { currentCall } from '#src/runtime/run/current-call.js';
import '#src/testing/vitest.js';
import { answers, failure, runHandler as runShared } from '#src/testing/index.js';
import { testRuntime } from './runtime.js';

const runtime = await testRuntime();
const run = runtime.runHandler.bind(runtime);

describe('runHandler', () => {
  it('gives the result of production, and what tests look at', async () => {
    const result = await run(
      `
      $state.total = $args.price * $scope.count;
      delete $state.draft;
      $emit('priced', { total: $state.total });
      $view.focus('total');
      console.log('done');
      return $state.total;
      `,
      { state: { draft: true, kept: new Map([[1, 2]]) }, args: { price: 5 }, scope: { count: 3 } },
    );
    expect(result).toMatchObject({
      status: 'success',
      returnValue: 15,
      stateMutations: [
        { operation: 'set', key: 'total', value: 15 },
        { operation: 'delete', key: 'draft' },
      ],
      events: [{ name: 'priced', payload: { total: 15 } }],
      views: [{ type: 'focus', componentId: 'total' }],
      logs: [{ level: 'info', message: 'done' }],
      calls: [],
    });
    expect(result.state).toEqual({ kept: new Map([[1, 2]]), total: 15 });
    expect(result.views).toBe(result.viewCommands);
  });

  it('gives a result whose snapshot is the same in every run: without its metrics', async () => {
    const code = "console.log('x'); await $ext.a.b(); throw new TypeError('never')";
    const once = async () => run(code, { ext: { a: { b: () => 1 } }, args: [1] });
    const [first, second] = [await once(), await once()];
    expect(JSON.stringify(first)).toBe(JSON.stringify(second));
    expect(Object.keys(first)).not.toContain('metrics');
    expect(first.metrics.hostCalls).toBe(2);
    const step = await runtime.suspendAt(code);
    expect(Object.keys(step)).not.toContain('metrics');
    expect(step.metrics.hostCalls).toBe(2);
  });

  it('takes the state under both names, and not under both at once', async () => {
    expect((await run('return $state.n', { stateSnapshot: { n: 2 } })).returnValue).toBe(2);
    await expect(run('return 1', { state: {}, stateSnapshot: {} })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'options.stateSnapshot is an object (Object); it must be absent where there is options.state.',
    });
  });

  it('grants what inferCapabilities reads off the handler, and nothing else', async () => {
    const capabilities = 'inferred';
    const fine = await run("$state.total = $state.a; $emit('paid', 1)", { capabilities, state: { a: 1 } });
    expect(fine).toSucceed();
    // What the source does not show is not granted.
    const hidden = await run('const f = new Function(\'$emit("paid")\'); f()', { capabilities });
    expect(hidden.status).toBe('error');
  });

  it('does not change the state it was given', async () => {
    const state = { user: { name: 'Ada' } };
    const result = await run(`$state.user.name = 'Grace'`, { state });
    expect(state).toEqual({ user: { name: 'Ada' } });
    expect(result.state).toEqual({ user: { name: 'Grace' } });
  });

  it('takes state as MessagePack', async () => {
    const result = await run('$state.n++; return $args', {
      state: encoded(packMessage({ n: 1 })),
      args: encoded(packMessage([1])),
    });
    expect([result.state, result.returnValue]).toEqual([{ n: 2 }, [1]]);
  });

  it('takes JSON text, as the state and inside it', async () => {
    const code = '$state.list.push($args.n); return [$args.all, $state.other]';
    const args = { n: 2, all: [json('{"__proto__":1}'), new Map([['k', new Set([json('[3]')])]])] };
    const all = JSON.parse('[{"__proto__":1}]') as unknown[];
    const inside = await run(code, { state: { list: json('[1]'), other: json('"x"') }, args });
    expect(inside.state).toEqual({ list: [1, 2], other: 'x' });
    expect(inside.returnValue).toEqual([[...all, new Map([['k', new Set([[3]])]])], 'x']);
    const whole = await run(code, { state: json('{"list":[1],"other":"x"}'), args });
    expect([whole.state, whole.returnValue]).toEqual([inside.state, inside.returnValue]);
  });

  it('puts a key called __proto__ into the state, not under it', async () => {
    const { state } = await run(`$state.set('__proto__', { polluted: true })`);
    expect(Object.keys(state)).toEqual(['__proto__']);
    expect(state['polluted']).toBeUndefined();
  });

  it('allows everything by default, and exactly the capabilities that are given', async () => {
    const code = `$emit('paid'); return await $ext.bank.pay()`;
    const ext = { bank: { pay: () => 'ok' } };
    expect(await run(code, { ext })).toMatchObject({ status: 'success', returnValue: 'ok' });
    const denied = await run(code, { ext, capabilities: ['events:emit:paid'] });
    expect(denied.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'ext:bank.pay' } });
    expect(denied.events).toHaveLength(1);
  });

  it('repeats itself: the same time, chance and ids', async () => {
    const code = `return [Date.now(), Math.random(), crypto.randomUUID(), await $ext.x.key()]`;
    const once = async () => {
      const own = await testRuntime();
      return (await own.runHandler(code, { ext: { x: { key: () => currentCall()?.key } } })).returnValue;
    };
    expect(await once()).toEqual(await once());
    expect(await run('return [Date.now(), Math.random()]', { now: 5, seed: 1 })).not.toEqual(
      await run('return [Date.now(), Math.random()]', { now: new Date(6), seed: 2 }),
    );
  });

  it('shows a clock that was moved to the next segment, unless the handler has a time of its own', async () => {
    const own = await testRuntime({ now: 1_000 });
    const code = 'const before = Date.now(); await $ext.x.wait(); return [before, Date.now()]';
    const ext = { x: { wait: () => own.clock.advance(60_000) } };
    expect((await own.runHandler(code, { ext })).returnValue).toEqual([1_000, 61_000]);
    expect((await own.runHandler(code, { ext, now: 7 })).returnValue).toEqual([7, 7]);
    expect(own.clock.now()).toBe(121_000);
  });

  it('has the effects and calls of all segments, in order', async () => {
    const result = await run(
      `
      $emit('a'); const one = await $ext.x.get(1);
      $emit('b'); const rest = await Promise.all([$ext.x.get(2), $ext.y.get(3)]);
      $emit('c'); $state.sum = one + rest[0] + rest[1];
      $ext.x.tell(4);
      `,
      { ext: { x: { get: (n: number) => n * 10, tell: () => {} }, y: { get: async (n: number) => n } } },
    );
    expect(result.events.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(result.state).toEqual({ sum: 33 });
    expect(result.calls.map(({ extensionName, method, args }) => `${extensionName}.${method}(${args})`)).toEqual([
      'x.get(1)',
      'x.get(2)',
      'y.get(3)',
      'x.tell(4)',
    ]);
    expect(result.calls[0]?.answer).toEqual({ success: true, value: 10 });
  });

  it('lists calls that were not made, without an answer', async () => {
    const { status, calls } = await run(`$ext.x.late(); throw new Error('no')`, { ext: { x: { late: () => 1 } } });
    expect([status, calls.length, calls[0]?.answer]).toEqual(['error', 1, undefined]);
  });

  it('holds handlers to their limits', async () => {
    expect((await run('while (true) {}', { timeoutMs: 20 })).error).toMatchObject({
      code: 'TIMEOUT',
      context: { layer: 'interrupt' },
    });
    expect((await run(`$emit('a'); $emit('b')`, { limits: { maxEvents: 1 } })).error?.code).toBe('RESOURCE_LIMIT');
    expect((await run('const all = []; while (true) all.push(new Array(1e5).fill(0))')).error?.code).toBe(
      'MEMORY_LIMIT',
    );
    expect((await run('return 1')).returnValue).toBe(1);
  });

  it('has as deep a stack as a worker', async () => {
    const deep = 'let depth = 0; const go = () => { depth++; go(); }; try { go(); } catch {} return depth;';
    expect((await run(deep)).returnValue).toBeGreaterThan(2_000);
    const nested = await run(`return ${'['.repeat(600)}${']'.repeat(600)}.length`);
    expect(nested.returnValue).toBe(1);
  });

  it('runs many at once', async () => {
    const code = 'const [a, b] = [await $ext.x.get($args), await $ext.x.get($args + 1)]; return a + b;';
    const all = Array.from({ length: 50 }, (_, n) =>
      run(code, { args: n, ext: { x: { get: async (k: number) => k } } }),
    );
    expect((await Promise.all(all)).map(({ returnValue }) => returnValue)).toEqual(all.map((_, n) => 2 * n + 1));
  });

  it('does without a runtime of the test', async () => {
    const results = await Promise.all([runShared('return 1'), runShared('return 2')]);
    expect(results.map(({ returnValue }) => returnValue)).toEqual([1, 2]);
  });

  it('names an option that there is not', async () => {
    await expect(run('return 1', { arg: 1 } as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('Did you mean options.args?'),
    });
  });
});

describe('mocks', () => {
  it('answer with what they return, and fail with what they throw', async () => {
    class Bank {
      #balance = 5;
      async pay(amount: number) {
        if (amount > this.#balance) throw Object.assign(new RangeError('too little'), { code: 'POOR' });
        this.#balance -= amount;
        return this.#balance;
      }
    }
    const code = `
      const left = await $ext.bank.pay(3);
      try { await $ext.bank.pay(3); } catch (error) { return [left, error.name, error.code, error.message]; }
    `;
    const { returnValue, calls } = await run(code, { ext: { bank: new Bank() } });
    expect(returnValue).toEqual([2, 'RangeError', 'POOR', 'too little']);
    expect(calls[1]?.answer).toMatchObject({ success: false, error: { code: 'POOR' } });
  });

  it('answer with recorded answers in order, every run from the first', async () => {
    const ext = { http: { get: answers(['a', failure(new Error('down')), 'c']) } };
    const code = `
      const seen = [];
      for (let i = 0; i < 3; i++) seen.push(await $ext.http.get().catch((error) => error.message));
      return seen;
    `;
    expect((await run(code, { ext })).returnValue).toEqual(['a', 'down', 'c']);
    expect((await run(code, { ext })).returnValue).toEqual(['a', 'down', 'c']);
  });

  it('mocks that run out of answers are an error of the test, though the handler catches it', async () => {
    const ext = { http: { get: answers(['a']) } };
    const code = `for (const path of ['/1', '/2']) try { await $ext.http.get(path); } catch {}`;
    await expect(run(code, { ext })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/\$ext\.http\.get\('\/2'\), its call 2 of http\.get, and answers\(\[…\]\) has 1/),
    });
  });

  it('mocks that are missing are an error of the test that says how to add one, though the handler catches it', async () => {
    const code = `try { await $ext.http.post('/users', { name: 'Ada' }); } catch { return 'caught'; }`;
    const missing = run(code, { ext: { http: { get: () => 1 }, db: { find: answers([]) } } });
    await expect(missing).rejects.toMatchObject({
      name: 'NexusError',
      code: 'INVALID_ARGUMENT',
      context: { extensionName: 'http', method: 'post', args: ['/users', { name: 'Ada' }] },
    });
    const message = await missing.then(String, (error: Error) => error.message);
    expect(message).toContain(`$ext.http.post('/users', { name: 'Ada' })`);
    expect(message).toContain('there are mocks for http.get, db.find');
    expect(message).toContain('ext: { http: { post: async (arg1, arg2) => … } }');
    await expect(run('return await $ext.other.thing()')).rejects.toThrow('there are no mocks');
    await expect(run('return await $ext.http.toString()', { ext: { http: {} } })).rejects.toThrow('toString: async ()');
  });

  it('mocks that are missing for a call that is not awaited are an error, too', async () => {
    await expect(run('$ext.audit.note(1); return 2')).rejects.toThrow('$ext.audit.note(1)');
  });

  it('mocks that are none are named', async () => {
    await expect(run('return 1', { ext: { http: { get: 5 } } })).rejects.toThrow(
      'ext.http.get is 5; it must be a function',
    );
    await expect(run('return 1', { ext: { http: 5 } } as never)).rejects.toThrow('ext.http is 5');
    expect(() => answers('a' as never)).toThrow('answers is "a"; it must be a list');
  });
});

describe('a handler in a file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nexus-handlers-'));
    await writeFile(join(folder, 'double.js'), 'return $args * 2;\n');
    await writeFile(join(folder, 'broken.js'), 'const fine = 1;\nconst broken = ;\n');
    await writeFile(join(folder, 'throws.mjs'), 'const user = undefined;\nreturn user.name;\n');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const path = (name: string) => relative(process.cwd(), join(folder, name));

  it('runs by its path and by its URL', async () => {
    expect((await run(path('double.js'), { args: 2 })).returnValue).toBe(4);
    expect((await run(pathToFileURL(join(folder, 'double.js')), { args: 3 })).returnValue).toBe(6);
  });

  it('may be TypeScript', async () => {
    const typed = join(folder, 'typed.ts');
    await writeFile(typed, 'const twice = (n: number): number => n * 2;\nreturn twice($args as number);\n');
    expect((await run(typed, { args: 4 })).returnValue).toBe(8);
  });

  it('is named in its errors', async () => {
    const { error } = await run(join(folder, 'throws.mjs'));
    expect(error?.stack).toContain('throws.mjs:2');
    expect(error?.snippet).toContain('return user.name;');
  });

  it('a handler in a file that does not exist is named, with where it was looked for', async () => {
    await expect(run('rules/nowhere.js')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `The handler file rules/nowhere.js cannot be read: there is none (${join(process.cwd(), 'rules/nowhere.js')}).`,
    });
    await expect(run(new URL('https://example.org/handler.js'))).rejects.toThrow('a URL that starts with file:');
  });

  it('a handler in a file with a syntax error is named with line, column and lines', async () => {
    const broken = await run(join(folder, 'broken.js')).catch((error: unknown) => error);
    expect(broken).toMatchObject({ name: 'NexusError', code: 'COMPILATION_ERROR', context: { location: { line: 2 } } });
    expect((broken as Error).message).toMatch(
      /broken\.js:2:16: SyntaxError: .*\n1 \| const fine = 1;\n2 \| const broken = ;\n/,
    );
    await expect(run('')).rejects.toMatchObject({ code: 'INVALID_HANDLER' });
  });

  it('is no code that only looks like one', async () => {
    expect((await run('return "a.js"')).returnValue).toBe('a.js');
    expect((await run('42\n//x.js')).status).toBe('success');
  });
});
