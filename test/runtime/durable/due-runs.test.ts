import { describe, expect, it } from 'vitest';

import { DueRuns } from '#src/runtime/durable/due-runs.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';

const DUE_MS = 1_000;

/** A store with runs of deployments that are due, which a test takes away or breaks. */
class Harness {
  readonly store = new MemoryStore();
  deployments = ['one', 'two'];
  isBroken = false;
  looks = 0;
  nowMs = 0;
  readonly runs = new DueRuns(
    {
      deployments: async () => this.deployments,
      due: (limit, deployment) => {
        this.looks++;
        if (this.isBroken) return Promise.reject(new Error('the store is away'));
        return this.store.due(DUE_MS, { limit, deployment });
      },
    },
    () => this.nowMs,
  );

  async add(deployment: string, runId: string): Promise<string> {
    const id = `${runId}.1`;
    const times = { createdAtMs: 0, expiresAtMs: 1e12, dueAtMs: DUE_MS };
    await this.store.put({ id, info: {}, envelope: new Uint8Array([1]), deployment, ...times });
    return id;
  }

  async take(id: string): Promise<void> {
    await this.store.claim(id, { owner: 'a', leaseUntilMs: 1e12 }, DUE_MS);
  }
}

const runIdOf = (n: number) => `${n}`.padStart(22, 'r');

describe('what is due', () => {
  it('is counted for each deployment, with how long the first of them has been seen', async () => {
    const harness = new Harness();
    const first = await harness.add('one', runIdOf(1));
    expect(await harness.runs.counts()).toEqual([
      { deployment: 'one', runs: 1, lagSeconds: 0 },
      { deployment: 'two', runs: 0, lagSeconds: 0 },
    ]);
    await harness.add('one', runIdOf(2));
    harness.nowMs = 7_000;
    expect((await harness.runs.counts())[0]).toEqual({ deployment: 'one', runs: 2, lagSeconds: 7 });
    await harness.take(first);
    harness.nowMs = 20_000;
    expect((await harness.runs.counts())[0]).toEqual({ deployment: 'one', runs: 1, lagSeconds: 13 });
  });

  it('is asked for once in five seconds, however many ask', async () => {
    const harness = new Harness();
    await Promise.all([harness.runs.counts(), harness.runs.counts()]);
    harness.nowMs = 4_999;
    await harness.runs.counts();
    expect(harness.looks).toBe(2);
    harness.nowMs = 5_000;
    await harness.runs.counts();
    expect(harness.looks).toBe(4);
  });

  it('is not told when the store does not answer, instead of what it was before', async () => {
    const harness = new Harness();
    expect(await harness.runs.counts()).toHaveLength(2);
    harness.isBroken = true;
    harness.nowMs = 5_000;
    expect(await harness.runs.counts()).toEqual([]);
    harness.isBroken = false;
    expect(await harness.runs.counts()).toHaveLength(2);
  });

  it('is counted for at most 20 deployments', async () => {
    const harness = new Harness();
    harness.deployments = Array.from({ length: 30 }, (_, n) => `d${n}`);
    expect(await harness.runs.counts()).toHaveLength(20);
  });
});
