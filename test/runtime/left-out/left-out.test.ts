import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sealArtifact } from '#src/cache/artifact.js';
import { openInSlices } from '#src/cache/sliced-artifact.js';
import { LeftOut } from '#src/execution/request/left-out.js';
import { createRuntime, type WasmContext, type WasmResult } from '#src/index.js';
import { createTestRuntime } from '#src/testing/runtime/create-test-runtime.js';
import { rejection } from '../../support/runtime-helpers.js';
import { answer, suspensionOf } from '../../suspension/resume-helpers.js';
import { KEYS, numbersOf, programOf, stateOf } from './programs.js';

const CAPABILITIES = ['state:read:*', 'state:write:*', 'ext:*', 'events:emit:*'];
const CASES = Number(process.env['LEFT_OUT_CASES'] ?? 40);
const SEED = Number(process.env['LEFT_OUT_SEED'] ?? 1);

const runtime = await createTestRuntime({ cacheDir: false });
afterAll(() => runtime.shutdown());

const leaves = vi.spyOn(LeftOut, 'of');
const encodes = vi.spyOn(LeftOut.prototype, 'encode');
beforeEach(() => {
  leaves.mockClear();
  encodes.mockClear();
});

const orders = (count = 50) => Array.from({ length: count }, (_, id) => ({ id, customer: `customer ${id}` }));
const contextOf = (stateSnapshot: object): WasmContext => ({ stateSnapshot, capabilities: CAPABILITIES });
/** Reads `$state.orders` without naming it. */
const HIDDEN = 'const hidden = "ord" + "ers", s = $state;';

/** Expressions, or statements, that read the state without naming a key. */
const WAYS = [
  'Object.entries(s).length',
  'Object.entries(Object.assign({}, s))[1]',
  'JSON.parse(JSON.stringify(s))',
  'structuredClone(s)',
  'fields(s)',
  'fields({ ...s })',
  'fields(Object.getOwnPropertyDescriptors(s)).length',
  'typeof Object.getOwnPropertyDescriptor(s, k).value',
  'Reflect.getOwnPropertyDescriptor(s, k).value.length',
  'Object.groupBy(Object.values(s), (value) => typeof value)',
  'Array.from(s, (value) => typeof value)',
  'Math.max.apply(null, s)',
  'Reflect.get(s, k, {}).length',
  'Object.create(s)[k].length',
  'fields(Object.setPrototypeOf({ own: 1 }, s))',
  'new Proxy(s, {})[k].length',
  'fields(new Proxy(s, {}))',
  'String(s)',
  '`${s}`',
  's + 1',
  'typeof s.get(k)',
  'console.log(s)',
  'console.table(s)',
  '$log.info(JSON.stringify(s))',
  '$emit("all", s)',
  '$emit("inner", { s })',
  'await $ext.e.echo(s)',
  'await $ext.e.echo([s, s])',
  '[s].flat()',
  'new Map([["s", s]])',
  'throw s',
  'throw Object.assign(new Error("with"), { s })',
  'throw new Error("caused", { cause: s })',
  'return Promise.resolve(s)',
  'return { get late() { return s[k].length; } }',
  'return new Proxy(s, {})',
  's.copy = s',
  's.copy = { s }',
  'const { user, ...others } = s; return fields(others)',
  'for (const key in s) { if (s[key].length === 50) return key }',
  'Object.freeze(s)',
  'Object.defineProperty(s, k, { value: 1 })',
  'delete s[k] && fields(s)',
  '(s[k] ??= 1).length',
  's[k] ||= 1',
  'Object.is(s[k], s[k])',
  'Object.keys(s).concat(k in s, Object.hasOwn(s, k), s.has(k), s.keys().length)',
  's.propertyIsEnumerable?.(k)',
  '({}).propertyIsEnumerable.call(s, k)',
  '({}).__lookupGetter__.call(s, k)',
  'Object.isFrozen(s) || Object.isSealed(s)',
  'Array.prototype.slice.call(s)',
  'Array.prototype.concat.call(s, 1).length',
  'Promise.all(Object.values(s)).then((all) => all.length)',
  'new (class extends Object { constructor() { super(); Object.assign(this, s); } })()[k].length',
  '[..."ab"].map((_, at) => Object.values(s)[at])',
];

/** What executions of the same handler must have in common. */
function comparable({ metrics, ...result }: WasmResult): unknown {
  return { ...result, instructionCount: metrics.instructionCount };
}

async function run(source: string, stateSnapshot: object) {
  const calls: unknown[] = [];
  const echo = (value: unknown) => {
    calls.push(value);
    return value;
  };
  const options = { extensions: { e: { echo } }, seed: 7, now: 86_400_000 };
  const result = await runtime.run(source, contextOf(stateSnapshot), options);
  return { result: comparable(result), calls };
}

describe('large values of the state that a handler does not name', () => {
  it('give the same results left out, entered after they were missed, and entered from the start', async () => {
    let missed = 0;
    let spared = 0;
    for (let index = 0; index < CASES; index++) {
      const seed = SEED * 1_000_003 + index;
      const number = numbersOf(seed);
      const state = stateOf(number);
      const program = programOf(number);
      // At the end, out of sight of errors that show lines.
      const ending = (words: string) => `${program}${'\n'.repeat(9)}// ${words}`;
      const where = `LEFT_OUT_SEED ${SEED}, case ${index}\n${program}\n${Object.keys(state).join()}`;
      leaves.mockClear();
      encodes.mockClear();
      const first = await run(ending('none'), state);
      if (leaves.mock.calls.length > 0) encodes.mock.calls.length > 0 ? missed++ : spared++;
      const second = await run(ending('none'), state);
      const whole = await run(ending(KEYS.join(' ')), state);
      expect(first, where).toEqual(whole);
      expect(second, where).toEqual(whole);
    }
    expect(missed).toBeGreaterThan(CASES / 6);
    expect(spared).toBeGreaterThan(CASES / 12);
  }, 120_000);

  it.each(WAYS)('are the same when they are read by %s', async (way) => {
    const body = `const s = $state, k = 'ord' + 'ers', fields = (o) => Reflect.ownKeys(o).map((key) => [String(key), typeof o[key]]);
      ${way.includes('return') || way.includes('throw') ? way : `return ${way}`};`;
    const state = {
      user: { name: 'Ann' },
      orders: orders(),
      toString: orders(),
      length: 2,
      0: orders(),
      message: 'm'.repeat(3_000),
    };
    const first = await run(body, state);
    expect(leaves).toHaveBeenCalledTimes(1);
    const whole = await run(`${body}${'\n'.repeat(9)}// orders toString message 0`, state);
    const { error, ...rest } = whole.result as WasmResult;
    expect(first.result).toMatchObject(rest);
    expect((first.result as WasmResult).error?.message).toBe(error?.message);
    expect(first.calls).toEqual(whole.calls);
  });

  it('do not enter, and are found as keys', async () => {
    const source = 'return [Object.keys($state), "orders" in $state, $state.has("ord" + "ers"), $state.user.name]';
    const hidden = source.replace('"orders" in', '("ord" + "ers") in');
    const result = await runtime.executeHandler(hidden, contextOf({ user: { name: 'Ann' }, orders: orders(), at: 1 }));
    expect(result.returnValue).toEqual([['user', 'orders', 'at'], true, true, 'Ann']);
    expect(leaves).toHaveBeenCalledTimes(1);
    expect(encodes).not.toHaveBeenCalled();
  });

  it('enter when the handler names them, anywhere in its text', async () => {
    for (const source of ['return $state.orders.length', 'const { orders } = $state', '$log.info("orders")']) {
      await runtime.executeHandler(source, contextOf({ orders: orders() }));
    }
    for (const source of ['return $state', 'return { ...$state }', 'return $state[$args]', 'JSON.stringify($state)']) {
      await runtime.executeHandler(source, contextOf({ orders: orders() }));
    }
    expect(leaves).not.toHaveBeenCalled();
  });

  it('enter from the next call on when they were missed once, also in workers', async () => {
    await using pooled = await createRuntime({ cacheDir: false, maxInstances: 1 });
    for (let call = 0; call < 3; call++) {
      const result = await pooled.executeHandler(`${HIDDEN} return s[hidden].length`, contextOf({ orders: orders() }));
      expect(result.returnValue).toBe(50);
    }
    expect(leaves).toHaveBeenCalledTimes(1);
    expect(encodes).toHaveBeenCalledTimes(1);
  });

  it('are missed after an await without a second call, as they were when the handler was called', async () => {
    await using pooled = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const source = `${HIDDEN} const a = await $ext.e.next(); const b = await $ext.e.next(); s[hidden][0].id = -1;
      const c = await $ext.e.next(); return [a, b, c, s[hidden].length, s[hidden][1].customer];`;
    let count = 0;
    const state = { orders: orders() };
    const next = () => {
      (state.orders[1] as { customer: string }).customer = 'changed by the caller';
      return ++count;
    };
    const result = await pooled.run(source, contextOf(state), { extensions: { e: { next } } });
    expect(result.returnValue).toEqual([1, 2, 3, 50, 'customer 1']);
    expect(count).toBe(3);
    const [mutation] = result.stateMutations;
    expect(result.stateMutations).toHaveLength(1);
    expect(mutation).toMatchObject({ operation: 'set', key: 'orders' });
    expect((mutation as unknown as { value: unknown[] }).value[0]).toEqual({ id: -1, customer: 'customer 0' });
    expect(encodes).toHaveBeenCalledTimes(1);
  });

  it('travel with a handler that is suspended', async () => {
    await using first = await createRuntime({ cacheDir: false, maxInstances: 1, suspensionSecret: 'x'.repeat(32) });
    const shared = { deep: orders(3) };
    const state = { orders: { list: orders(), one: shared, same: shared }, user: 'Ann' };
    const source = `${HIDDEN} await $ext.e.wait(); await $ext.e.wait();
      return [s[hidden].list.length, s[hidden].one === s[hidden].same, s.user];`;
    const { suspensionId: id } = suspensionOf(await first.executeHandler(source, contextOf(state)));
    const resumed = await first.resumeHandler(id, [{ callId: 'c1', ...answer() }]);
    const { suspensionId: again } = suspensionOf(resumed);
    const last = await first.resumeHandler(again, [{ callId: 'c2', ...answer() }]);
    expect(last.returnValue).toEqual([50, true, 'Ann']);
    expect(leaves).toHaveBeenCalledTimes(1);
  });

  it('are the same when what an artifact says of its source is wrong', async () => {
    const { engine } = runtime.inner;
    const source = 'let n = 0; for (const { id } of $state.orders) n += id; $state.orders[0].id = 9; return n;';
    const artifact = await runtime.precompileHandler(source);
    const { header, content } = await openInSlices(artifact, { engine, secrets: [], maxSourceBytes: 1_000 });
    const { key, filename, namespace } = header;
    const results: unknown[] = [];
    for (const said of [source, 'return 1', '$state.user', '']) {
      const sealed = sealArtifact({ key, filename, namespace, engine, source: said }, content, undefined);
      for (let call = 0; call < 3; call++) {
        const result = await runtime.executeCompiledHandler(sealed, contextOf({ orders: orders(), user: 'Ann' }));
        results.push(comparable(result));
      }
    }
    expect(leaves).toHaveBeenCalledTimes(2);
    expect(encodes).toHaveBeenCalledTimes(2);
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it('are refused as they would be if they entered', async () => {
    const faults: readonly object[] = [
      { orders: [...orders(), () => 1] },
      { orders: [...orders(), new URL('https://a.example')] },
      { orders: 'x'.repeat(9 * 1024 * 1024) },
      {
        orders: [
          ...orders(),
          {
            get total() {
              throw new Error('not now');
            },
          },
        ],
      },
    ];
    for (const state of faults) {
      const cause = async (source: string) => rejection(runtime.executeHandler(source, contextOf(state)));
      const error = await cause('return 1');
      expect(error).toMatchObject({ code: expect.stringMatching(/SERIALIZATION_ERROR|INVALID_ARGUMENT/) });
      expect(error).toEqual(await cause('return 1 // orders'));
    }
    const cyclic: { orders: unknown[] } = { orders: orders() };
    cyclic.orders.push(cyclic);
    expect(await rejection(runtime.executeHandler('return 1', contextOf(cyclic)))).toMatchObject({
      code: 'SERIALIZATION_ERROR',
      message: expect.stringContaining('cycle'),
    });
  });

  it('enter when they have an object in common with something else', async () => {
    const common = orders();
    for (const context of [
      { ...contextOf({ orders: common, other: { inside: common } }) },
      { ...contextOf({ orders: common }), args: [common[7]] },
      { ...contextOf({ orders: { list: common }, rest: { list: orders(), first: common[0] } }) },
    ]) {
      const result = await runtime.executeHandler('return typeof $args', context);
      expect(result.status).toBe('success');
    }
    expect(leaves.mock.results.filter(({ value }) => value !== undefined)).toEqual([]);
  });
});
