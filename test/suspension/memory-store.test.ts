import { describe, expect, it } from 'vitest';

import { formatSuspensionId, newRunId } from '#build/suspension/ids.js';
import { MemoryStore } from '#build/suspension/memory-store.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const MIB = 1024 * 1024;

/** Puts a handler and cancels it, with an outcome of so many bytes. */
async function settleOne(store: MemoryStore, contentBytes: number): Promise<string> {
  const id = formatSuspensionId({ runId: newRunId(), generation: 1 });
  await store.put({ id, envelope: new Uint8Array(8), createdAtMs: 0, expiresAtMs: DAY_MS, info: {} });
  const content = new Uint8Array(contentBytes);
  const outcome = { state: 'cancelled', content, settledAtMs: 0, keepUntilMs: DAY_MS } as const;
  expect((await store.settle(id, undefined, outcome)).kind).toBe('recorded');
  return id;
}

describe('the outcomes in memory', () => {
  it.each([
    ['many', 10, 10_050, 10_000],
    ['large', 4 * MIB, 12, 8],
  ])('are bounded when they are %s: the last are kept', async (_what, bytes, settled, kept) => {
    const store = new MemoryStore();
    const ids: string[] = [];
    for (let i = 0; i < settled; i++) ids.push(await settleOne(store, bytes));
    const found = await Promise.all(ids.map((id) => store.read(id)));
    expect(found.slice(0, settled - kept).every((one) => one === undefined)).toBe(true);
    expect(found.slice(settled - kept).every((one) => one?.state === 'cancelled')).toBe(true);
  });

  it('are there at least once, however large', async () => {
    const store = new MemoryStore();
    const id = await settleOne(store, 33 * MIB);
    expect((await store.read(id))?.state).toBe('cancelled');
    await settleOne(store, 1);
    expect(await store.read(id)).toBeUndefined();
  });

  it('leave alone what still waits', async () => {
    const store = new MemoryStore();
    const id = formatSuspensionId({ runId: newRunId(), generation: 1 });
    await store.put({ id, envelope: new Uint8Array(8), createdAtMs: 0, expiresAtMs: DAY_MS, info: {} });
    for (let i = 0; i < 20; i++) await settleOne(store, 4 * MIB);
    expect((await store.read(id))?.state).toBe('suspended');
  });
});
