import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmContext, type WasmResult } from '#src/index.js';
import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';

let runtime: NexusRuntime;
let kit: TestRuntime;
beforeAll(async () => {
  [runtime, kit] = await Promise.all([
    createRuntime({ cacheDir: false, maxInstances: 1, metrics: false }),
    createTestRuntime({ cacheDir: false }),
  ]);
});
afterAll(() => Promise.all([runtime?.shutdown(), kit?.shutdown()]));

const ANYTHING: WasmContext = {
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'],
  stateSnapshot: { known: {}, other: { n: 0 } },
};
const TO_JSON = { toJSON: true };

type Route = (source: string, options?: object) => Promise<WasmResult>;
const ROUTES: [string, Route][] = [
  ['from its source', (source, options) => runtime.executeHandler(source, ANYTHING, options)],
  [
    'suspended and resumed',
    async (source, options) => {
      const waiting = await runtime.executeHandler(`await $ext.wait.here();\n${source}`, ANYTHING, options);
      const { suspensionId = '' } = waiting.suspension ?? {};
      return runtime.resumeHandler(suspensionId, { success: true, value: undefined }, options);
    },
  ],
  ['in the test kit', (source, options) => kit.executeHandler(source, ANYTHING, options)],
];

/** Values that leave with code of the handler in them. `DO` stands for what it does. */
const READ = {
  'a getter': '{ get x() { DO; return 2 } }',
  'a getter inside': '{ a: [{ get x() { DO; return 2 } }] }',
  'a getter of an item of a list': 'Object.defineProperty([1], 0, { enumerable: true, get() { DO; return 2 } })',
  'a getter of an item of a list inside':
    '[Object.defineProperty([1], 0, { enumerable: true, get() { DO; return 2 } })]',
  'a getter in a Map': 'new Map([[1, { get x() { DO; return 2 } }]])',
  'a getter of an error': "Object.defineProperty(new Error('e'), 'x', { enumerable: true, get() { DO; return 2 } })",
  'a trap get': 'new Proxy({ x: 1 }, { get(of, key) { if (key === "x") { DO } return of[key] } })',
  'a trap ownKeys': 'new Proxy({ x: 1 }, { ownKeys(of) { DO; return Reflect.ownKeys(of) } })',
  'a trap getOwnPropertyDescriptor':
    'new Proxy({ x: 1 }, { getOwnPropertyDescriptor(of, key) { DO; return Reflect.getOwnPropertyDescriptor(of, key) } })',
};
const READ_BY_JSON = {
  'a toJSON': '{ toJSON() { DO; return { x: 1 } } }',
  'a toJSON inside': '[{ a: { toJSON() { DO; return 5 } } }]',
};

/** Where such a value leaves. */
const LEAVES = {
  'what is returned': (value: string) => `return ${value}`,
  'what is set': (value: string) => `$state.a = ${value}; return 5`,
  'what is put into a value of the state': (value: string) => `$state.known.a = ${value}; return 5`,
  'what is thrown': (value: string) => `throw ${value}`,
  'a field of what is thrown': (value: string) => `throw Object.assign(new Error('e'), { field: ${value} })`,
};

/** What may be done, and what is found of it. */
const EFFECTS: [string, doing: string, found: (result: WasmResult) => boolean][] = [
  ['sets a key of the state', '$state.b = 1', ({ stateMutations }) => stateMutations.some(({ key }) => key === 'b')],
  [
    'changes a value of the state',
    '$state.other.n = 7',
    ({ stateMutations }) =>
      stateMutations.some(({ key, ...rest }) => key === 'other' && (rest as { value?: { n: number } }).value?.n === 7),
  ],
  [
    'deletes a key of the state',
    'delete $state.other',
    ({ stateMutations }) => stateMutations.some(({ operation, key }) => operation === 'delete' && key === 'other'),
  ],
  ['emits', "$emit('late', { p: 1 })", ({ events }) => events.some(({ name }) => name === 'late')],
  ['commands the view', "$view.focus('late')", ({ viewCommands }) => viewCommands.some(({ type }) => type === 'focus')],
  ['logs', "$log('late')", ({ logs }) => logs.some(({ message }) => message === 'late')],
  ['writes to the console', "console.log('late')", ({ logs }) => logs.some(({ message }) => message === 'late')],
  [
    'does it in a job',
    'queueMicrotask(() => { $state.b = 1 })',
    ({ stateMutations }) => stateMutations.some(({ key }) => key === 'b'),
  ],
  [
    'does it in a job of a job, in a value that is read as well',
    'Promise.resolve().then(() => { $state.b = { get y() { $state.c = 1; return 1 } } })',
    ({ stateMutations }) => stateMutations.some(({ key }) => key === 'c'),
  ],
];

const values = (options: object | undefined) => (options === undefined ? READ : { ...READ, ...READ_BY_JSON });
const CASES = [undefined, TO_JSON].flatMap((options) =>
  Object.entries(values(options)).flatMap(([what, value]) =>
    Object.entries(LEAVES).map(([where, leave]) => [what, where, { options, value, leave }] as const),
  ),
);

describe.each(ROUTES)('what is done while a value is read that leaves, %s,', (_title, route) => {
  it.each(CASES)('is not lost: %s of %s', async (_what, _where, { options, value, leave }) => {
    for (const [name, doing, found] of EFFECTS) {
      // An error in the state that is changed only by being read is still one.
      const result = await route(leave(value.replace('DO', doing)), options);
      expect([name, result.status === 'suspended', found(result)]).toEqual([name, false, true]);
    }
  });

  it.each(CASES)('is an error if it is not handled: %s of %s', async (_what, where, { options, value, leave }) => {
    const { error } = await route(leave(value.replace('DO', "Promise.reject(new RangeError('late'))")), options);
    expect(error).toBeDefined();
    if (!where.includes('thrown')) {
      expect(error).toMatchObject({
        code: 'EXECUTION_ERROR',
        message: 'A promise was rejected and not handled: RangeError: late',
        location: { line: expect.any(Number) },
      });
    }
  });

  it.each(CASES)('cannot begin a call: %s of %s', async (_what, where, { options, value, leave }) => {
    const result = await route(leave(value.replace('DO', '$ext.a.b(1)')), options);
    expect(result.status).toBe('error');
    // An error ends the handler before its parts are read: a call that was begun is listed.
    if (where.includes('thrown')) return;
    expect(result.error).toMatchObject({
      code: 'EXECUTION_ERROR',
      name: 'TypeError',
      message: expect.stringMatching(
        /^TypeError: \$ext\.a\.b is called while (returnValue|\$state\.(a|known))\S* is read; /,
      ),
      location: { line: expect.any(Number) },
    });
  });
});

describe('a value that leaves', () => {
  const run = ROUTES[0]?.[1] as Route;

  it('has its getters called once', async () => {
    const source = `
      let count = 0;
      const counted = { get n() { $emit('read'); return ++count } };
      $state.a = counted;
      $state.known.b = counted;
      return [counted, counted];`;
    const { events, returnValue, stateMutations } = await run(source);
    expect(events).toHaveLength(1);
    expect(returnValue).toEqual([{ n: 1 }, { n: 1 }]);
    expect(stateMutations).toEqual([
      { operation: 'set', key: 'a', value: { n: 1 } },
      { operation: 'set', key: 'known', value: { b: { n: 1 } } },
    ]);
  });

  it('that sets the state anew whenever it is read ends at the limit', async () => {
    const source = 'const make = () => ({ get x() { $state.a = make(); return 1 } }); $state.a = make(); return 1';
    expect((await run(source, { limits: { maxStateMutations: 20 } })).error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxStateMutations' },
    });
  });

  it('whose traps set the state whenever they are asked is read to its end', async () => {
    const source =
      'let n = 0; $state.a = new Proxy({ x: 1 }, { get: (of, key) => ($state["k" + n++] = 1, of[key]) }); return 1';
    const { status, stateMutations } = await run(source);
    expect(status).toBe('success');
    expect(stateMutations.map(({ key }) => key)).toEqual(['a', 'k0', 'k1']);
  });

  it('whose traps begin other work whenever they are asked is an error that names it', async () => {
    const source =
      '$state.a = new Proxy({ x: 1 }, { get: (of, key) => (queueMicrotask(() => { $state.b = { y: 1 } }), of[key]) }); return 1';
    expect((await run(source)).error).toMatchObject({
      code: 'SERIALIZATION_ERROR',
      message: expect.stringMatching(/^\$state\.\S+ begins other work each time it is read$/),
    });
  });

  it('that begins jobs without end ends with the time of the handler', async () => {
    const source = 'return { get x() { queueMicrotask(function next() { queueMicrotask(next) }); return 1 } }';
    expect((await run(source, { timeoutMs: 300 })).error).toMatchObject({ code: 'TIMEOUT' });
  });

  it('may not do what the handler may not', async () => {
    const source = 'return { get x() { $state.b = 1; return 1 } }';
    const { error, stateMutations } = await runtime.executeHandler(source, { capabilities: [] });
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', location: { line: 1 } });
    expect(stateMutations).toEqual([]);
  });

  it('that waits is read before the handler is stored, so that nothing is done twice', async () => {
    const source = `
      let count = 0;
      $state.a = { get x() { count++; $emit('read', count); $state.other.n = count; return count } };
      await $ext.a.b();
      const seen = [count, $state.other.n];
      await $ext.a.b();
      return [...seen, count];`;
    const first = await runtime.executeHandler(source, ANYTHING);
    expect(first.events).toEqual([{ name: 'read', payload: 1 }]);
    expect(first.stateMutations).toEqual([
      { operation: 'set', key: 'a', value: { x: 1 } },
      { operation: 'set', key: 'other', value: { n: 1 } },
    ]);
    const answer = { success: true, value: 1 } as const;
    const second = await runtime.resumeHandler(first.suspension?.suspensionId ?? '', answer);
    expect(second.status).toBe('suspended');
    const third = await runtime.resumeHandler(second.suspension?.suspensionId ?? '', answer);
    // Once for each segment.
    expect([...second.events, ...third.events].map(({ payload }) => payload)).toEqual([2, 3]);
    expect(third.returnValue).toEqual([1, 1, 2]);
  });

  it('that waits begins its jobs when the handler is resumed', async () => {
    const source =
      "$state.a = { get x() { queueMicrotask(() => $emit('job')); return 1 } }; await $ext.a.b(); return 5";
    const first = await runtime.executeHandler(source, ANYTHING);
    expect(first).toMatchObject({ status: 'suspended', events: [] });
    const last = await runtime.resumeHandler(first.suspension?.suspensionId ?? '', { success: true, value: 1 });
    expect(last).toMatchObject({ status: 'success', returnValue: 5 });
    // And those of reading it once more, at the end.
    expect(last.events.map(({ name }) => name)).toEqual(['job', 'job']);
  });

  it('that is returned while a call is outstanding is read when that has ended', async () => {
    const source = "$ext.a.b().then(() => $emit('after')); return { get x() { $emit('read'); return 1 } }";
    const first = await runtime.executeHandler(source, ANYTHING);
    expect(first).toMatchObject({ status: 'suspended', events: [] });
    const last = await runtime.resumeHandler(first.suspension?.suspensionId ?? '', { success: true, value: 1 });
    expect(last).toMatchObject({ status: 'success', returnValue: { x: 1 } });
    expect(last.events.map(({ name }) => name)).toEqual(['after', 'read']);
  });

  it('counts once for the limits, however often it is read', async () => {
    const source = '$state.known.a = { get x() { return 1 } }; $state.other.n = 1; $state.b = { get y() { return 2 } }';
    const { error, metrics, stateMutations } = await run(source, { limits: { maxStateMutations: 3, maxHostCalls: 3 } });
    expect(error).toBeUndefined();
    expect(stateMutations).toHaveLength(3);
    expect(metrics.hostCalls).toBe(3);
  });

  it('that was not changed is no mutation, after a suspension either', async () => {
    const source =
      '$state.a = { get x() { return 1 } }; await $ext.a.b(); const it = $state.a; await $ext.a.b(); return it.x';
    const answer = { success: true, value: 1 } as const;
    let result = await runtime.executeHandler(source, ANYTHING);
    expect(result.stateMutations).toHaveLength(1);
    for (let i = 0; i < 2; i++) {
      result = await runtime.resumeHandler(result.suspension?.suspensionId ?? '', answer);
      expect(result.stateMutations).toEqual([]);
    }
    expect(result.returnValue).toBe(1);
  });

  it('after the time of the handler begins none of its jobs', async () => {
    const source =
      "Promise.resolve().then(() => $emit('job')); $state.a = { get x() { queueMicrotask(() => $emit('late')); return 1 } }; for (;;) Math.sqrt(2)";
    const { error, events, stateMutations } = await run(source, { timeoutMs: 200 });
    expect(error).toMatchObject({ code: 'TIMEOUT', location: { line: 1 } });
    expect(events).toEqual([]);
    expect(stateMutations).toEqual([{ operation: 'set', key: 'a', value: { x: 1 } }]);
  });
});
