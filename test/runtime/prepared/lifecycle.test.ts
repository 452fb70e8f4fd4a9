import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, encoded, json, type NexusRuntime, type Prepared } from '#src/index.js';
import { createTestRuntime, record, replay } from '#src/testing/index.js';
import { ENDLESS, NATIVE, rejection, withRuntime } from '../../support/runtime-helpers.js';
import { exampleValue } from './values.js';

const STATE = ['state:read:*', 'state:write:*'];
const KIB = 1024;

function table(rows: number, name = 'row') {
  return Array.from({ length: rows }, (_, id) => ({ id, name: `${name} ${id}`, group: id % 5 }));
}

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

describe('runtime.prepare', () => {
  it('tells the size and the hash of the encoded value', async () => {
    const [one, same, other] = await Promise.all(
      [table(10), table(10), table(11)].map((value) => runtime.prepare(value)),
    );
    expect(one?.bytes).toBeGreaterThan(100);
    expect(one?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect([same?.hash === one?.hash, other?.hash === one?.hash]).toEqual([true, false]);
  });

  it('copies the value: later changes are not seen', async () => {
    const value = { list: [1] };
    const prepared = await runtime.prepare(value);
    value.list.push(2);
    expect((await runtime.executeHandler('return $args.list', { args: prepared })).returnValue).toEqual([1]);
  });

  it('says what to pass instead of what only a context may contain', async () => {
    const prepared = await runtime.prepare(1);
    for (const [value, message] of [
      [{ a: prepared }, 'value.a is a prepared value, which only a context may contain; pass the value itself.'],
      [{ a: json('1') }, 'value.a is json(…), which only a context may contain; pass JSON.parse(text).'],
      [
        encoded(new Uint8Array([1])),
        'value is encoded(…), which only a context may be, as stateSnapshot, args or scope; pass the value itself.',
      ],
    ] as const) {
      expect(await rejection(runtime.prepare(value))).toMatchObject({ code: 'SERIALIZATION_ERROR', message });
    }
  });

  it('refuses options of a wrong type', async () => {
    expect(await rejection(runtime.prepare({}, { toJSON: 'yes' as never }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'options.toJSON is "yes"; it must be true or false.',
    });
  });

  it('says how much it may be when it is too large', () =>
    withRuntime({ maxInstances: 1, maxPreparedBytes: KIB }, async (small) => {
      expect(await rejection(small.prepare('x'.repeat(2 * KIB)))).toMatchObject({
        message: expect.stringMatching(/^The value has more bytes than maxPreparedBytes \(1024\) allows; /) as string,
      });
      const { bytes } = await small.prepare('x'.repeat(600));
      expect(await rejection(small.prepare('y'.repeat(600)))).toMatchObject({
        message: expect.stringContaining(
          `has ${bytes} bytes, more than maxPreparedBytes (1024) allows beside the ${bytes} that are prepared already`,
        ) as string,
      });
    }));

  it('names the path of what cannot be passed', async () => {
    const value = { a: [{ b: () => 1 }] };
    expect(await rejection(runtime.prepare(value))).toMatchObject({
      code: 'SERIALIZATION_ERROR',
      message: 'value.a[0].b is a function, which cannot enter the VM.',
    });
    const inside = { a: await runtime.prepare(1) };
    expect(await rejection(runtime.prepare(inside))).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect(await rejection(runtime.prepare(1, { other: 1 } as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('refuses what does not fit in maxPreparedBytes, until something is disposed', () =>
    withRuntime({ maxInstances: 1, maxPreparedBytes: 128 * KIB }, async (small) => {
      expect(await rejection(small.prepare('x'.repeat(200 * KIB)))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { limit: 'maxPreparedBytes', value: 128 * KIB },
      });
      const first = await small.prepare('x'.repeat(100 * KIB));
      // The same bytes are kept once.
      await small.prepare('x'.repeat(100 * KIB));
      expect(await rejection(small.prepare('y'.repeat(100 * KIB)))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { used: first.bytes },
      });
    }));

  it('gives the bytes back when the last of its kind is disposed', () =>
    withRuntime({ maxInstances: 1, maxPreparedBytes: 128 * KIB }, async (small) => {
      const handles = [await small.prepare('x'.repeat(100 * KIB)), await small.prepare('x'.repeat(100 * KIB))];
      for (const handle of handles) {
        expect(await rejection(small.prepare('y'.repeat(100 * KIB)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
        handle.dispose();
        handle.dispose();
      }
      expect((await small.prepare('y'.repeat(100 * KIB))).bytes).toBeGreaterThan(100 * KIB);
    }));
});

describe('a prepared value', () => {
  it('is refused once it is disposed, with its place', async () => {
    let kept: Prepared;
    {
      using prepared = await runtime.prepare(table(3));
      kept = prepared;
      expect((await runtime.executeHandler('return $args.p.length', { args: { p: prepared } })).returnValue).toBe(3);
    }
    for (const [context, path] of [
      [{ args: { p: kept } }, 'args.p'],
      [{ scope: kept }, 'scope'],
      [{ stateSnapshot: kept as object, capabilities: STATE }, 'stateSnapshot'],
    ] as const) {
      expect(await rejection(runtime.executeHandler('return 1', context))).toMatchObject({
        code: 'SERIALIZATION_ERROR',
        message: `${path} is a prepared value that was disposed; prepare it again.`,
        context: { path },
      });
    }
  });

  it('is refused by another runtime', () =>
    withRuntime({ maxInstances: 1 }, async (other) => {
      const prepared = await other.prepare(table(3));
      expect(await rejection(runtime.executeHandler('return 1', { args: [prepared] }))).toMatchObject({
        code: 'SERIALIZATION_ERROR',
        message: expect.stringMatching(/^args\[0\] is a prepared value of another runtime/) as string,
      });
    }));

  it('is a state only if it is a plain object', async () => {
    const prepared = await runtime.prepare(table(3));
    expect(await rejection(runtime.executeHandler('return 1', { stateSnapshot: prepared }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('is not an answer', async () => {
    const prepared = await runtime.prepare(table(3));
    const code = 'try { return await $ext.a.b() } catch (error) { return error.message }';
    const result = await runtime.run(code, { capabilities: ['ext:*'] }, { extensions: { a: { b: () => prepared } } });
    expect(result.returnValue).toMatch(/is a prepared value, which only a context may contain; pass the value itself/);
  });

  it('is there again after images were dropped, also under handlers that had images of their own', () =>
    withRuntime({ maxInstances: 1, maxPreparedBytes: 256 * KIB }, async (small) => {
      const tables = await Promise.all([1, 2, 3].map((n) => small.prepare(table(300, `table ${n}`))));
      const sums = 'let n = 0; for (const row of $args) n += row.id; return [n, $args[7].name]';
      for (let round = 0; round < 3; round++) {
        for (const [index, args] of tables.entries()) {
          for (let i = 0; i < 5; i++) {
            const { returnValue } = await small.executeHandler(sums, { args });
            expect(returnValue).toEqual([44_850, `table ${index + 1} 7`]);
          }
        }
      }
    }));

  it('is given with others, in any order and number', async () => {
    const all = await Promise.all([1, 2, 3, 4].map((n) => runtime.prepare({ n })));
    const orders = [
      [0, 1],
      [1, 0],
      [3, 1, 2],
      [2, 2],
      [0, 1, 2, 3],
    ];
    for (const order of orders) {
      const code = 'return $args.map(({ n }) => n)';
      const { returnValue } = await runtime.executeHandler(code, { args: order.map((index) => all[index]) });
      expect(returnValue).toEqual(order.map((index) => index + 1));
    }
  });

  it('outlives the workers that had it', async () => {
    const prepared = await runtime.prepare(exampleValue());
    const read = () => runtime.executeHandler('return $args.records[3].name', { args: prepared });
    expect((await read()).returnValue).toBe('n3');
    for (const code of [NATIVE, ENDLESS]) {
      expect(await runtime.executeHandler(code, { args: prepared }, 200)).toMatchObject({ error: { code: 'TIMEOUT' } });
      expect((await read()).returnValue).toBe('n3');
    }
  });

  it('that does not fit in a VM is an error of the call, which names the limit', () =>
    withRuntime({ maxInstances: 1, memoryLimitBytes: 4 * KIB * KIB }, async (small) => {
      const prepared = await small.prepare(table(60_000));
      const result = await small.executeHandler('return 1', { args: prepared });
      expect(result.error).toMatchObject({ code: 'MEMORY_LIMIT', context: { limit: 'memoryLimitBytes' } });
      expect((await small.executeHandler('return 2')).returnValue).toBe(2);
      const lower = await runtime.prepare(table(20_000));
      const within = { limits: { memoryLimitBytes: 2 * KIB * KIB } };
      expect((await runtime.executeHandler('return 1', { args: lower }, within)).error?.code).toBe('MEMORY_LIMIT');
      expect((await runtime.executeHandler('return 1', { args: lower })).returnValue).toBe(1);
    }));

  it('is one of at most a hundred in a call', async () => {
    const args = await Promise.all(Array.from({ length: 101 }, (_, n) => runtime.prepare(n)));
    const code = 'return $args.length';
    expect((await runtime.executeHandler(code, { args: args.slice(1) })).returnValue).toBe(100);
    expect(await rejection(runtime.executeHandler(code, { args }))).toMatchObject({
      code: 'SERIALIZATION_ERROR',
      context: { path: 'args[100]' },
    });
  });

  it('may be nested as deeply as any value', async () => {
    let value: unknown = 'end';
    for (let depth = 0; depth < 990; depth++) value = depth % 2 === 0 ? [value] : { value };
    const prepared = await runtime.prepare(value);
    const code = 'let v = $args, n = 0; while (typeof v === "object") { v = v.value ?? v[0]; n++ } return [n, v]';
    expect((await runtime.executeHandler(code, { args: prepared })).returnValue).toEqual([990, 'end']);
  });

  it('shows no tenant what another did with it', async () => {
    const prepared = await runtime.prepare(exampleValue());
    const leave = 'const was = $args.shared.secret; $args.shared.secret = "of a"; return was';
    for (let i = 0; i < 6; i++) {
      const tenant = i % 2 === 0 ? 'a' : 'b';
      expect((await runtime.executeHandler(leave, { args: prepared }, { tenant })).returnValue).toBeUndefined();
    }
  });

  it('is seen by schemas as the value', async () => {
    const args = { rows: await runtime.prepare(table(2)) };
    const schema = {
      type: 'object',
      properties: { rows: { type: 'array', maxItems: 2 } },
      required: ['rows'],
    } as const;
    const checked = await runtime.executeHandler('return $args.rows[1].id', { args } as never, {
      schemas: { args: schema },
    });
    expect(checked).toMatchObject({ returnValue: 1 });
    const refused = runtime.executeHandler('return 1', { args } as never, {
      schemas: { args: { ...schema, properties: { rows: { type: 'array', maxItems: 1 } } } },
    });
    expect(await rejection(refused)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a prepared value in the test kit', () => {
  it('is the value itself in a recording', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nexus-prepared-recordings-'));
    try {
      const recording = await record(runtime, { directory });
      const args = { rows: await runtime.prepare(table(3)) };
      await recording.executeHandler('return $args.rows[2].name + Math.random()', { args });
      await recording.recordingsWritten();
      const [file = ''] = await readdir(directory);
      const { same, recorded, replayed } = await replay(join(directory, file));
      expect([same, replayed.returnValue]).toEqual([true, recorded.returnValue]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('is the state before and after', async () => {
    const kit = await createTestRuntime();
    const prices = await kit.prepare({ a: { price: 1 } });
    const result = await kit.runHandler('$state.prices.a.price = 2; $state.n = 1; return $state.prices.a', {
      state: { prices },
    });
    expect(result.state).toEqual({ prices: { a: { price: 2 } }, n: 1 });
    const whole = await kit.runHandler('$state.a.price++', { state: prices });
    expect(whole.state).toEqual({ a: { price: 2 } });
    await kit.shutdown();
  });
});
