import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmContext, type WasmResult } from '#src/index.js';

import { ANYTHING, answer, finish, suspensionOf } from './resume-helpers.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  const libraries = {
    counter: { source: 'let n = 100; exports.next = () => ++n; exports.later = async (p) => (await p) + n;' },
  };
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2, libraries });
});
afterAll(() => runtime.shutdown());

const nothing = () => answer();

/** All segments of a handler whose calls are answered with undefined. */
async function segments(code: string, context: WasmContext = ANYTHING): Promise<WasmResult[]> {
  return finish(runtime, await runtime.executeHandler(code, context), nothing);
}

describe('an error as the answer', () => {
  it('is thrown at the await, with name, message, fields and cause', async () => {
    const code =
      'try { await $ext.http.get("/a") } catch (e) { return [e instanceof TypeError, e.name, e.message, e.status, e.cause instanceof Error, e.cause.message, typeof e.stack] }';
    const { suspensionId } = suspensionOf(await runtime.executeHandler(code, ANYTHING));
    const error = Object.assign(new TypeError('refused', { cause: new Error('socket') }), { status: 503 });
    const ended = await runtime.resumeHandler(suspensionId, { success: false, error });
    expect(ended.returnValue).toEqual([true, 'TypeError', 'refused', 503, true, 'socket', 'string']);
  });

  it('an error as the answer that nobody catches has the place of the call, and nothing of the host', async () => {
    const code = '$log(1);\nconst call = () =>\n  $ext.http.get("/a");\nawait null;\nawait call();';
    const { suspensionId } = suspensionOf(await runtime.executeHandler(code, ANYTHING));
    const { error } = await runtime.resumeHandler(suspensionId, {
      success: false,
      error: new RangeError('too far', { cause: new Error('inner') }),
    });
    expect(error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'RangeError: too far',
      location: { line: 3 },
      snippet: expect.stringContaining('$ext.http.get("/a")'),
    });
    expect(error?.stack).not.toContain('.test.ts');
  });

  it.each([
    ['a text', 'gone', ['Error', 'gone']],
    ['an object with a name and a message', { name: 'GoneError', message: 'gone', code: 410 }, ['GoneError', 'gone']],
  ] as const)('can be %s', async (_, error, expected) => {
    const code = 'try { await $ext.a.b() } catch (e) { return [e.name, e.message, e instanceof Error] }';
    const { suspensionId } = suspensionOf(await runtime.executeHandler(code, ANYTHING));
    const ended = await runtime.resumeHandler(suspensionId, { success: false, error });
    expect(ended.returnValue).toEqual([...expected, true]);
  });
});

describe('state that is changed inside', () => {
  const stateSnapshot = {
    list: [1],
    map: new Map([['k', [1]]]),
    date: new Date(0),
    bytes: new Uint8Array(3),
    same: { deep: [1] },
  };
  const context = { ...ANYTHING, stateSnapshot };

  it('state that is changed inside before and after a suspension is one mutation of each segment', async () => {
    const [first, second] = await segments(
      '$state.list.push(2); $state.same.deep[0]; await $ext.a.b(); $state.list.push(3); return $state.list.length',
      context,
    );
    expect(first?.stateMutations).toEqual([{ operation: 'set', key: 'list', value: [1, 2] }]);
    expect(second?.stateMutations).toEqual([{ operation: 'set', key: 'list', value: [1, 2, 3] }]);
  });

  it('through an alias that was held across it, in whatever kind of object', async () => {
    const [first, second] = await segments(
      'const { list, map, date, bytes, same } = $state; await $ext.a.b(); list[0] = 9; map.get("k").push(2); date.setTime(5); bytes[1] = 7; return same.deep[0]',
      context,
    );
    expect(first?.stateMutations).toEqual([]);
    expect(second?.stateMutations).toEqual([
      { operation: 'set', key: 'list', value: [9] },
      { operation: 'set', key: 'map', value: new Map([['k', [1, 2]]]) },
      { operation: 'set', key: 'date', value: new Date(5) },
      { operation: 'set', key: 'bytes', value: new Uint8Array([0, 7, 0]) },
    ]);
  });

  it('is no mutation when it is as it was in the segment before', async () => {
    const results = await segments(
      'const { list } = $state; list.push(2); await $ext.a.b(); list.push(3); list.pop(); await $ext.a.b(); return list',
      context,
    );
    expect(results.map(({ stateMutations }) => stateMutations.length)).toEqual([1, 0, 0]);
  });

  it('state that is changed inside that was assigned before is one object with what was assigned', async () => {
    const [first, second] = await segments(
      'const made = { n: 1 }; $state.made = made; await $ext.a.b(); made.n = 2; return $state.made === made',
      context,
    );
    expect(first?.stateMutations).toEqual([{ operation: 'set', key: 'made', value: { n: 1 } }]);
    expect(second?.stateMutations).toEqual([{ operation: 'set', key: 'made', value: { n: 2 } }]);
    expect(second?.returnValue).toBe(true);
  });

  it('state that is changed inside after a suspension, where it may not be, is denied, with what was done before', async () => {
    const results = await segments('const { list } = $state; await $ext.a.b(); $emit("e"); list.push(2);', {
      ...context,
      capabilities: ['state:read:*', 'events:emit:*', 'ext:*'],
    });
    expect(results.at(-1)).toMatchObject({
      status: 'error',
      error: { code: 'PERMISSION_DENIED', context: { capability: 'state:write:list' } },
      stateMutations: [],
    });
  });

  it('is neither lost nor doubled over three segments and a deletion', async () => {
    const results = await segments(
      '$state.list.push(2); await $ext.a.b(); delete $state.list; await $ext.a.b(); $state.list = [5]; $state.list.push(6); return Object.keys($state).length',
      context,
    );
    expect(results.map(({ stateMutations }) => stateMutations)).toEqual([
      [{ operation: 'set', key: 'list', value: [1, 2] }],
      [{ operation: 'delete', key: 'list' }],
      [{ operation: 'set', key: 'list', value: [5, 6] }],
    ]);
  });
});

describe('what is random', () => {
  const chance = (name: string) =>
    `const draw = () => [Math.random(), ${name}.randomUUID()]; const before = draw(); await $ext.a.b(); return [...before, ...draw()]`;

  it.each([
    ['named', chance('crypto')],
    ['named after the await', 'await $ext.a.b(); return [Math.random(), crypto.randomUUID(), crypto.randomUUID()]'],
    [
      'reached after the await',
      'await $ext.a.b(); const c = globalThis[["cry", "pto"].join("")]; return [Math.random(), c.randomUUID(), c.randomUUID()]',
    ],
    [
      'reached after the second await',
      'await $ext.a.b(); await $ext.a.b(); const c = globalThis[["cry", "pto"].join("")]; return [Math.random(), c.randomUUID(), c.randomUUID()]',
    ],
  ])('differs between segments and executions, crypto being %s', async (_, code) => {
    const drawn = new Set<unknown>();
    let draws = 0;
    for (let i = 0; i < 4; i++) {
      const values = (await segments(code)).at(-1)?.returnValue as unknown[];
      for (const value of values) drawn.add(value);
      draws += values.length;
    }
    expect(draws).toBeGreaterThanOrEqual(12);
    expect(drawn.size).toBe(draws);
  });
});

describe('globals of the web', () => {
  it.each([
    [
      'named only after it',
      'await $ext.a.b(); return [new URL("/x", "http://h").href, new TextEncoder().encode("é").length]',
    ],
    [
      'reached dynamically after it',
      'const g = globalThis; await $ext.a.b(); return [new g["U" + $args]("/x", "http://h").href, new g["Text" + "Encoder"]().encode("é").length]',
    ],
    [
      'reached dynamically before it and after',
      'const g = globalThis; const early = new g["U" + $args]("/x", "http://h"); await $ext.a.b(); return [early.href, new g["Text" + "Encoder"]().encode("é").length]',
    ],
    [
      'reached after the first, used after the second',
      'await $ext.a.b(); const url = new globalThis["U" + $args]("/x", "http://h"); await $ext.a.b(); url.hash = ""; return [url.href, new globalThis["Text" + "Encoder"]().encode("é").length]',
    ],
  ])('are there, %s', async (_, code) => {
    const results = await segments(code, { ...ANYTHING, args: 'RL' });
    expect(results.at(-1)).toMatchObject({ status: 'success', returnValue: ['http://h/x', 2] });
  });

  it('do not repeat the effects of the segment in which they are reached', async () => {
    const results = await segments(
      '$log("a"); await $ext.a.b(); $log("b"); $state.n = 1; new globalThis["U" + "RL"]("http://h"); $log("c"); return 1',
    );
    expect(results.map(({ logs }) => logs.map(({ message }) => message))).toEqual([['a'], ['b', 'c']]);
    expect(results.at(-1)?.stateMutations).toHaveLength(1);
  });
});

describe('the end of a handler', () => {
  it('is when rejections that nobody handled are judged, not a suspension', async () => {
    const handled = await segments(
      'const p = Promise.reject(new Error("early")); await $ext.a.b(); try { await p } catch (e) { return e.message }',
    );
    expect(handled.map(({ status }) => status)).toEqual(['suspended', 'success']);
    const unhandled = await segments('Promise.reject(new Error("never")); await $ext.a.b(); return 1');
    expect(unhandled.map(({ status }) => status)).toEqual(['suspended', 'error']);
    expect(unhandled.at(-1)?.error).toMatchObject({ message: expect.stringContaining('never') });
  });

  it('can be a DEADLOCK, after an answer', async () => {
    const results = await segments('await $ext.a.b(); $log("x"); await new Promise(() => {})');
    expect(results.at(-1)).toMatchObject({ status: 'error', error: { code: 'DEADLOCK' }, logs: [{ message: 'x' }] });
  });

  it('the end of a handler by an error has its line, after an answer, too', async () => {
    const results = await segments('await $ext.a.b();\n\nnull.x;');
    expect(results.at(-1)?.error).toMatchObject({ location: { line: 3 }, snippet: expect.stringContaining('null.x') });
  });
});

describe('libraries', () => {
  it('keep their state over a suspension, and wait themselves', async () => {
    const results = await finish(
      runtime,
      await runtime.executeHandler(
        'const a = $lib.counter.next(); const l = await $lib.counter.later($ext.a.b()); return [a, l, $lib.counter.next()]',
        ANYTHING,
      ),
      () => answer(5),
    );
    expect(results.at(-1)?.returnValue).toEqual([101, 106, 102]);
  });
});

describe('time', () => {
  it('goes on, and can be fixed for a segment', async () => {
    const code = 'const before = Date.now(); await $ext.a.b(); return [before, Date.now()]';
    const begun = await runtime.executeHandler(code, ANYTHING, { now: 1_000 });
    const ended = await runtime.resumeHandler(suspensionOf(begun).suspensionId, answer(), { now: 5_000 });
    expect(ended.returnValue).toEqual([1_000, 5_000]);
  });
});

describe('a global that is reached for only after a suspension', () => {
  const LATE = 'await $ext.a.b(); return new (globalThis["U" + "RL"])("http://a").href';
  const resumed = async (tampering: string, timeoutMs: number) => {
    const { suspensionId } = suspensionOf(await runtime.executeHandler(`${tampering}; ${LATE}`, ANYTHING));
    return runtime.resumeHandler(suspensionId, answer(), timeoutMs);
  };

  it('is there', async () => {
    expect((await resumed('', 5_000)).returnValue).toBe('http://a/');
  });

  it.each([
    'Uint8Array = undefined; Error = undefined; Map = undefined',
    'Object.defineProperty(globalThis, "Error", { get() { throw { toJSON() { for (;;); } } } })',
  ])('a global that is reached for only after a suspension and cannot be made of what the handler left of its realm is its own error: %s', async (tampering) => {
    const { error } = await resumed(tampering, 5_000);
    expect(error?.code).toBe('EXECUTION_ERROR');
    expect((await runtime.executeHandler('return new URL("http://a").href')).returnValue).toBe('http://a/');
  });

  it('a global that is reached for only after a suspension and whose making the handler turned into a loop ends with its time', async () => {
    const loop =
      'for (const name of ["Map", "Uint8Array", "Error"]) Object.defineProperty(globalThis, name, { get() { for (;;); } })';
    const { error } = await resumed(loop, 200);
    expect(error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'timeoutMs', value: 200, layer: 'interrupt' } });
  });
});
