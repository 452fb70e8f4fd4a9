import { beforeAll, describe, expect, it } from 'vitest';

import type { WasmContext } from '#src/api/context.js';
import type { Executor } from '#src/worker/executor.js';
import { ALL_CAPABILITIES, createExecutor, runInThread } from '../support/executor.js';

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

type State = NonNullable<WasmContext['stateSnapshot']>;

const run = (source: string, stateSnapshot: State = {}, capabilities: WasmContext['capabilities'] = ALL_CAPABILITIES) =>
  runInThread(executor, source, { stateSnapshot, capabilities });

const set = (key: string, value: unknown) => ({ operation: 'set', key, value });

describe('a change deep inside the state', () => {
  const state = {
    user: { name: 'Ada', address: { city: 'Zürich' } },
    items: [1, 2, 3],
    orders: [{ n: 1 }, { n: 2 }],
    tags: new Set(['a']),
    prices: new Map([['a', { cents: 1 }]]),
    when: new Date(0),
    bytes: new Uint8Array([1, 2]),
    count: 0,
  };

  it.each([
    ['an assignment', '$state.user.address.city = "Bern"', 'user', { name: 'Ada', address: { city: 'Bern' } }],
    ['a push', '$state.items.push(4)', 'items', [1, 2, 3, 4]],
    ['two pushes', '$state.items.push(4); $state.items.push(5)', 'items', [1, 2, 3, 4, 5]],
    ['a sort in place', '$state.items.sort((a, b) => b - a)', 'items', [3, 2, 1]],
    ['a delete', 'delete $state.user.address', 'user', { name: 'Ada' }],
    ['Object.assign', 'Object.assign($state.user, { age: 36 })', 'user', { ...state.user, age: 36 }],
    ['an alias', 'const u = $state.user; u.name = "Grace"', 'user', { ...state.user, name: 'Grace' }],
    [
      'a function that changes its argument',
      '((o) => { o.name = 1 })($state.user)',
      'user',
      { ...state.user, name: 1 },
    ],
    [
      'a loop over objects',
      'for (const o of $state.orders) o.done = true',
      'orders',
      [
        { n: 1, done: true },
        { n: 2, done: true },
      ],
    ],
    ['a callback', '$state.orders.forEach((o) => { o.n *= 10 })', 'orders', [{ n: 10 }, { n: 20 }]],
    [
      'destructuring',
      'const { user: { address } } = $state; address.city = 1',
      'user',
      { name: 'Ada', address: { city: 1 } },
    ],
    ['Object.values', 'Object.values($state)[0].name = 1', 'user', { ...state.user, name: 1 }],
    ['spread', '({ ...$state }).user.name = 1', 'user', { ...state.user, name: 1 }],
    [
      'a descriptor',
      'Object.getOwnPropertyDescriptor($state, "user").value.name = 1',
      'user',
      { ...state.user, name: 1 },
    ],
    [
      'all descriptors',
      'Object.getOwnPropertyDescriptors($state).user.value.name = 1',
      'user',
      { ...state.user, name: 1 },
    ],
    ['Reflect', 'Reflect.get($state, "user").name = 1', 'user', { ...state.user, name: 1 }],
    ['$state.get', '$state.get("user").name = 1', 'user', { ...state.user, name: 1 }],
    ['a Set', '$state.tags.add("b")', 'tags', new Set(['a', 'b'])],
    ['a Map', '$state.prices.get("a").cents = 2', 'prices', new Map([['a', { cents: 2 }]])],
    ['a Date', '$state.when.setUTCFullYear(2000)', 'when', new Date('2000-01-01T00:00:00Z')],
    ['a typed array', '$state.bytes[0] = 9', 'bytes', new Uint8Array([9, 2])],
    [
      'another order in a Set',
      'const [a] = $state.tags; $state.tags.delete(a); $state.tags.add("b").add(a)',
      'tags',
      new Set(['b', 'a']),
    ],
    ['-0 in place of 0', '$state.user.zero = 0; $state.user.zero = -0', 'user', { ...state.user, zero: -0 }],
    [
      'a prototype that is a key',
      '$state.user["__proto__"] = null; $state.user.x = 1',
      'user',
      { ...state.user, x: 1 },
    ],
  ])('a change deep inside the state by %s is a mutation of its key with the new value', async (_title, source, key, value) => {
    const outcome = await run(source, state);
    expect(outcome.error).toBeUndefined();
    expect(outcome.stateMutations).toStrictEqual([set(key, value)]);
  });

  it.each([
    ['reading all of it', 'return JSON.stringify($state.user) + $state.items.map((n) => n + 1) + $state.tags.size'],
    ['undoing a change', 'const { name } = $state.user; $state.user.name = 1; $state.user.name = name'],
    ['calculating the same number', '$state.items[1] = $state.items[1] / 4 * 4'],
    ['another order of keys', 'const { name } = $state.user; delete $state.user.name; $state.user.name = name'],
    ['changing a copy', 'const copy = structuredClone({ ...$state.user }); copy.address.city = 1'],
  ])('there is none after %s', async (_title, source) => {
    const outcome = await run(source, state);
    expect(outcome.error).toBeUndefined();
    expect(outcome.stateMutations).toEqual([]);
  });

  it('stands where the key was first reached, in the order of the other mutations', async () => {
    const outcome = await run('$state.a = 1; $state.user.name = "x"; $state.items.push(4); $state.b = 2', state);
    expect(outcome.stateMutations.map(({ key }) => key)).toEqual(['a', 'user', 'items', 'b']);
  });

  it('a change deep inside the state of a value that was assigned before is in that assignment', async () => {
    const outcome = await run('const o = { n: 1 }; $state.o = o; o.n = 2; $state.o.n++; $state.x = 1; $state.o.n++');
    expect(outcome.stateMutations).toEqual([set('o', { n: 4 }), set('x', 1)]);
  });

  it('is dropped when the key is assigned or deleted afterwards', async () => {
    const outcome = await run(
      '$state.user.name = 1; $state.user = "gone"; $state.items.push(4); delete $state.items',
      state,
    );
    expect(outcome.stateMutations).toEqual([set('user', 'gone'), { operation: 'delete', key: 'items' }]);
  });

  it('a change deep inside the state of an object that stands under several keys is a mutation of each', async () => {
    const shared = { n: 1 };
    const outcome = await run('$state.a.n = 2', { a: shared, b: shared, c: { shared }, d: { n: 1 } });
    expect(outcome.stateMutations).toEqual([set('a', { n: 2 }), set('b', { n: 2 }), set('c', { shared: { n: 2 } })]);
  });

  it('made through the arguments is noticed', async () => {
    const shared = { n: 1 };
    const context = { stateSnapshot: { a: shared }, args: { shared }, capabilities: ALL_CAPABILITIES };
    const outcome = await runInThread(executor, '$args.shared.n = 2', context);
    expect(outcome.stateMutations).toEqual([set('a', { n: 2 })]);
  });

  it('is there after an error and in what a handler does after an await', async () => {
    const outcome = await run('await null; $state.items.push(4); throw new Error("x")', state);
    expect(outcome).toMatchObject({ status: 'error', stateMutations: [set('items', [1, 2, 3, 4])] });
  });

  it('into something that cannot leave is an error with its path', async () => {
    const outcome = await run('$state.user.callback = () => {}', state);
    expect(outcome.error).toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path: '$state.user.callback' } });
  });

  it('into a cycle is an error with its path', async () => {
    const outcome = await run('$state.user.self = $state.user', state);
    expect(outcome.error).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect(outcome.error?.message).toContain('cycle');
  });

  it('is refused when it has more paths than a result may have', async () => {
    const source = 'let x = { v: 1 }; for (let i = 0; i < 40; i++) x = [x, x]; $state.items.push(x);';
    expect((await run(source, state)).error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxResultPaths', value: 1_000_000 },
    });
  });

  it('is found among objects that have hundreds of thousands of paths', async () => {
    const source = `
      let x = { v: 1 };
      for (let i = 0; i < 17; i++) x = [x, x];
      $state.items.push(x);
      const { name } = $state.user; delete $state.user.name; $state.user.name = name;
    `;
    const outcome = await run(source, state);
    expect(outcome.error).toBeUndefined();
    expect(outcome.stateMutations.map(({ key }) => key)).toEqual(['items']);
  });

  it('is looked for under the time limit of the handler, not less', async () => {
    const m = new Map(Array.from({ length: 20_000 }, (_, i) => [i, { a: i }]));
    const outcome = await run('return $state.m.size', { m });
    expect(outcome).toMatchObject({ status: 'success', returnValue: 20_000, stateMutations: [] });
  });

  it('counts against maxStateMutations', async () => {
    const source = '$state.items.push(1); $state.user.name = 1; $state.count = 1';
    const limited = (maxStateMutations: number) =>
      runInThread(
        executor,
        source,
        { stateSnapshot: state, capabilities: ALL_CAPABILITIES },
        { limits: { maxStateMutations } },
      );
    expect((await limited(3)).status).toBe('success');
    expect((await limited(2)).error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxStateMutations', value: 2 },
    });
  });
});

describe('$state', () => {
  it('reads after writes see them', async () => {
    const source = `
      $state.n = 1; $state.n++; $state.o = { list: [] }; $state.o.list.push($state.n); delete $state.gone;
      return [$state.n, $state.o.list, 'gone' in $state, { ...$state }, Object.entries($state)];
    `;
    const after = { n: 2, o: { list: [2] } };
    expect((await run(source, { gone: 1 })).returnValue).toEqual([2, [2], false, after, Object.entries(after)]);
  });

  it('is deleted from, once, where the key may not be read', async () => {
    const source = 'delete $state.a; delete $state.a; $state.b = 1; delete $state.b; $state.b = 2; $state.delete("b")';
    const context = { stateSnapshot: { a: 1 }, capabilities: ['state:write:*'] as const };
    const outcome = await runInThread(executor, source, context);
    const keys = outcome.stateMutations.map(({ operation, key }) => `${operation} ${key}`);
    expect(keys).toEqual(['delete a', 'set b', 'delete b', 'set b', 'delete b']);
    expect((await runInThread(executor, 'delete $state.a', { stateSnapshot: { a: 1 } })).denials).toEqual([
      'state:write:a',
    ]);
  });

  it('has get, set, has, delete and keys where no key has the name', async () => {
    const source = `
      $state.set('b', 2);
      return [$state.get('a'), $state.has('b'), $state.has('x'), $state.delete('a'), $state.delete('a'), $state.keys(),
        'get' in $state, Object.keys($state)];
    `;
    const outcome = await run(source, { a: 1 });
    expect(outcome.returnValue).toEqual([1, true, false, true, false, ['b'], false, ['b']]);
    expect(outcome.stateMutations).toEqual([set('b', 2), { operation: 'delete', key: 'a' }]);
  });

  it('has keys of those names like any other', async () => {
    const state = { get: 1, set: 2, has: 3, delete: 4, keys: [5] };
    const outcome = await run('$state.get++; $state.keys.push(6); return { ...$state }', state);
    expect(outcome.returnValue).toEqual({ ...state, get: 2, keys: [5, 6] });
    expect(outcome.stateMutations).toEqual([set('get', 2), set('keys', [5, 6])]);
  });

  it('is not changed by an object that inherits from it', async () => {
    const outcome = await run(
      'const o = Object.create($state); o.x = 5; o.a = 6; return [o.x, o.a, $state.a, "x" in $state]',
      { a: 1 },
    );
    expect(outcome).toMatchObject({ returnValue: [5, 6, 1, false], stateMutations: [] });
  });

  it('can be returned, emitted and cloned as the object it stands for', async () => {
    const outcome = await run('$emit("e", { all: $state }); return [$state, { inner: $state }]', { a: { b: 1 } });
    expect(outcome.returnValue).toEqual([{ a: { b: 1 } }, { inner: { a: { b: 1 } } }]);
    expect(outcome.events).toEqual([{ name: 'e', payload: { all: { a: { b: 1 } } } }]);
  });

  it('does what the language asks of any object', async () => {
    const source =
      'return [JSON.stringify($state), `${$state}`, $state.hasOwnProperty("a"), (await $state).a, $state == null]';
    expect((await run(source, { a: 1 })).returnValue).toEqual(['{"a":1}', '[object Object]', true, 1, false]);
  });

  it.each([
    ['a symbol as key', '$state[Symbol()] = 1', 'strings'],
    ['an accessor', 'Object.defineProperty($state, "a", { get() {} })', 'accessors'],
    ['a fixed key', 'Object.defineProperty($state, "a", { value: 1, configurable: false })', 'changed and deleted'],
    ['a function', '$state.f = () => {}', '$state.f is a function'],
    ['another prototype', 'Object.setPrototypeOf($state, null)', 'bad prototype'],
  ])('refuses %s', async (_title, source, message) => {
    const { status, error } = await run(source);
    expect(status).toBe('error');
    expect(error?.message).toContain(message);
  });
});

describe('state that may be read and not written', () => {
  const state = {
    user: { name: 'Ada', roles: ['admin', 'author'], address: { city: 'Zürich' } },
    when: new Date(0),
    tags: new Set(['a']),
    mine: { n: 1 },
  };
  const capabilities = ['state:read:*', 'state:write:mine'] as const;

  it.each([
    ['an assignment', '$state.user.name = 1'],
    ['a deep assignment', '$state.user.address.city = 1'],
    ['a push', '$state.user.roles.push("x")'],
    ['a delete', 'delete $state.user.address.city'],
    ['an alias', 'u.name = 1'],
    ['a definition', 'Object.defineProperty($state.user, "x", { value: 1, enumerable: true })'],
    ['a sort', '$state.user.roles.reverse()'],
  ])('%s inside it is denied at its line, and can be caught', async (_title, change) => {
    const before = 'const u = $state.user;\n$state.mine.n++;\n';
    const denied = await run(`${before}${change}`, state, capabilities);
    expect(denied).toMatchObject({
      status: 'error',
      error: { code: 'PERMISSION_DENIED', context: { capability: 'state:write:user' }, location: { line: 3 } },
      stateMutations: [set('mine', { n: 2 })],
    });
    const caught = await run(`${before}try { ${change} } catch (error) { return error.code }`, state, capabilities);
    expect(caught).toMatchObject({ status: 'success', returnValue: 'PERMISSION_DENIED' });
    expect(caught.stateMutations).toEqual([set('mine', { n: 2 })]);
  });

  it.each([
    ['a Date', '$state.when.setTime(1)', 'when'],
    ['a Set', '$state.tags.add("b")', 'tags'],
  ])('a change of %s is denied without a line', async (_title, change, key) => {
    const { status, error, stateMutations } = await run(change, state, capabilities);
    expect(status).toBe('error');
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: `state:write:${key}` } });
    expect(stateMutations).toEqual([]);
  });

  it('state that may be read and not written with effects around it gives the same effects, and an error without a line when there is no time to look for it', async () => {
    const source = "$emit('a', 1); $state.user.x = 2; for (let i = 0; i < 1e5; i++); $emit('b', 1); for (;;);";
    const context = { stateSnapshot: state, capabilities: [...capabilities, 'events:emit:*'] as const };
    const outcome = await runInThread(executor, source, context, { timeoutMs: 200 });
    expect(outcome.events.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(outcome.error?.code).toBe('TIMEOUT');
  });

  it('can be frozen by whoever changes nothing in it', async () => {
    const source = 'Object.freeze($args.o); $state.o.inner; try { $state.user.x = 1 } catch (e) { return e.code }';
    const o = { inner: { n: 1 } };
    const context = { stateSnapshot: { ...state, o }, args: { o }, capabilities };
    expect((await runInThread(executor, source, context)).returnValue).toBe('PERMISSION_DENIED');
  });

  it('is plain data to whoever only reads it, also in an execution that is denied something', async () => {
    const source = `
      const { user } = $state;
      const seen = [Array.isArray(user.roles), user.roles.map((r) => r + '!'), JSON.stringify(user), { ...user.address }, $state.when.getTime()];
      try { user.name = 1 } catch {}
      $emit('e', user);
      return [seen, user, user.roles === user.roles];
    `;
    const outcome = await run(source, state, ['state:read:*', 'events:emit:*']);
    expect(outcome.error).toBeUndefined();
    const { user } = state;
    expect(outcome.returnValue).toEqual([
      [true, ['admin!', 'author!'], JSON.stringify(user), user.address, 0],
      user,
      true,
    ]);
    expect(outcome.events[0]?.payload).toEqual(user);
  });
});

describe('state that may not be read', () => {
  it('is not in the VM, and asking for it is an error at that line which can be caught', async () => {
    const state = { open: 1, secret: 2 };
    const denied = await run('\n  return $state.secret', state, ['state:read:open']);
    expect(denied.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      context: { capability: 'state:read:secret' },
      location: { line: 2 },
    });
    const source =
      'try { $state.secret } catch (error) { return [error.code, $state.open, { ...$state }, "secret" in $state] }';
    const caught = await run(source, state, ['state:read:open']);
    expect(caught.returnValue).toEqual(['PERMISSION_DENIED', 1, { open: 1 }, false]);
  });

  it('can be read back once it was written', async () => {
    expect((await run('$state.a = 5; return $state.a', {}, ['state:write:a'])).returnValue).toBe(5);
  });

  it('reads as undefined where it may be read and is not there', async () => {
    expect((await run('return $state.a', {}, ['state:read:a'])).returnValue).toBeUndefined();
  });
});
