import { describe, expect, it } from 'vitest';

import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../../support/executor.js';
import { expectAsInNode, inVm } from '../../support/globals.js';

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

let executor: Executor | undefined;

async function draw(source: string, options: { seed?: number } = {}): Promise<unknown> {
  executor ??= await createExecutor();
  const outcome = await runInThread(executor, source, {}, options);
  if (outcome.status !== 'success') throw new Error(outcome.error?.message);
  return outcome.returnValue;
}

describe('crypto', () => {
  it('draws UUIDs that differ within an execution and between executions, cold and hot', async () => {
    const drawn = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const uuids = (await draw('return Array.from({ length: 50 }, () => crypto.randomUUID())')) as string[];
      for (const uuid of uuids) {
        expect(uuid).toMatch(UUID);
        drawn.add(uuid);
      }
    }
    expect(drawn.size).toBe(1000);
  });

  it('crypto with a seed draws the same again, beyond its stock too, and another seed draws others', async () => {
    const source = `return [crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(1000))].join(), crypto.randomUUID(), Math.random()]`;
    const [a, b, c] = [
      await draw(source, { seed: 1 }),
      await draw(source, { seed: 1 }),
      await draw(source, { seed: 2 }),
    ];
    expect(a).toEqual(b);
    for (const [i, value] of (a as unknown[]).entries()) expect(value).not.toBe((c as unknown[])[i]);
  });

  it('fills arrays of any integer type, and only the part they view', async () => {
    const filled = await draw(`
      return [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array].map((type) => {
        const buffer = new ArrayBuffer(1024);
        const view = new type(buffer, 64, 64);
        const returned = crypto.getRandomValues(view);
        const bytes = new Uint8Array(buffer);
        const end = 64 + view.byteLength;
        return [returned === view, new Set(bytes.subarray(64, end)).size > 20, bytes.subarray(0, 64).every((b) => b === 0), bytes.subarray(end).every((b) => b === 0)];
      });
    `);
    expect(filled).toEqual(Array(9).fill([true, true, true, true]));
  });

  it('draws bytes evenly, from the stock and from the cipher', async () => {
    const counts = (await draw(
      `
      const counts = Array(256).fill(0);
      for (let i = 0; i < 6; i++) for (const byte of crypto.getRandomValues(new Uint8Array(65536))) counts[byte]++;
      for (let i = 0; i < 2000; i++) for (const byte of crypto.getRandomValues(new Uint8Array(10))) counts[byte]++;
      return counts;
    `,
      { seed: 7 },
    )) as number[];
    const expected = (6 * 65_536 + 20_000) / 256;
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: outside of this once in 10^9, and the seed is fixed.
    expect(chiSquared).toBeGreaterThan(130);
    expect(chiSquared).toBeLessThan(410);
  });

  it('refuses what Node refuses, with its errors', async () => {
    const probe = (name: string) => {
      const values: Record<string, () => unknown> = {
        quota: () => new Uint8Array(65_537),
        words: () => new Uint32Array(16_385),
        floats: () => new Float64Array(1),
        view: () => new DataView(new ArrayBuffer(1)),
        list: () => [1],
        text: () => 'x',
      };
      crypto.getRandomValues(values[name]?.() as Uint8Array);
    };
    await expectAsInNode(probe, ['quota', 'words', 'floats', 'view', 'list']);
    expect(await inVm(probe, ['text'])).toEqual([{ error: 'TypeMismatchError' }]);
    await expectAsInNode(() => crypto.getRandomValues(new Uint8Array(65_536)).length, [0]);
    await expectAsInNode(() => Reflect.apply(crypto.randomUUID, {}, []), [0]);
  });
});
