import type { StoreSection } from './framework.js';
import { idOf, LEASE, makeOutcome, makeSuspension, NOW, plain } from './samples.js';

/** Claims: one owner at a time, with a fence. */
export const describeClaiming: StoreSection = ({ it, expect }, using) => {
  it(
    'gives the envelope and a fence, and shows the lease',
    using(async ({ store, other, suspension, id }) => {
      await store.put(suspension);
      const answer = await store.claim(id, LEASE, NOW);
      const fence = answer.kind === 'claimed' ? answer.fence : 0;
      expect(plain(answer)).toEqual(
        plain({ kind: 'claimed', fence, losses: 0, envelope: suspension.envelope, messages: [] }),
      );
      expect(await other.read(id)).toMatchObject({ state: 'resuming', lease: { ...LEASE, fence } });
    }),
  );

  it(
    'is refused while somebody has it, and says until when',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      await claim();
      for (const nowMs of [NOW, 2_999]) {
        expect(await other.claim(id, { owner: 'two', leaseUntilMs: 4_000 }, nowMs)).toEqual({
          kind: 'leased',
          untilMs: 3_000,
        });
      }
    }),
  );

  it(
    'has one winner, however many ask at once',
    using(async ({ store, other, harness }) => {
      const views = [store, other, ...harness.open(6)];
      for (let round = 0; round < 20; round++) {
        const given = makeSuspension(idOf(`round ${round}`));
        await store.put(given);
        const asked = views.flatMap((view, index) =>
          [0, 1].map((n) => view.claim(given.id, { owner: `${index} ${n}`, leaseUntilMs: 3_000 }, NOW)),
        );
        const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
        expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(1);
        expect(kinds.filter((kind) => kind === 'leased')).toHaveLength(asked.length - 1);
      }
    }),
  );

  it(
    'claiming a lapsed lease gives a higher fence, and shuts the old one out',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const old = await claim();
      const fence = await claim(other, 3_000, { owner: 'two', leaseUntilMs: 4_000 });
      expect(fence).toBeGreaterThan(old);
      expect(await store.renew(id, old, 9_000)).toBe(false);
      expect(await store.release(id, old)).toBe(false);
      expect(await store.settle(id, old, makeOutcome('completed'))).toEqual({ kind: 'fenced' });
      expect(await other.settle(id, fence, makeOutcome('completed'))).toEqual({ kind: 'recorded' });
    }),
  );

  it(
    'claiming after a release is possible at once, with a higher fence',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const old = await claim();
      expect(await store.release(id, old)).toBe(true);
      expect((await other.read(id))?.state).toBe('suspended');
      expect(await store.release(id, old)).toBe(false);
      expect(await store.settle(id, old, makeOutcome('completed'))).toEqual({ kind: 'fenced' });
      expect(await claim(other)).toBeGreaterThan(old);
    }),
  );

  it(
    'is put off by a renewal, by as much as it says',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      expect(await store.renew(id, fence, 5_000)).toBe(true);
      expect(await other.claim(id, LEASE, 4_999)).toEqual({ kind: 'leased', untilMs: 5_000 });
      expect(await store.renew(id, fence, 2_500)).toBe(true);
      expect(await claim(other, 2_500)).toBeGreaterThan(fence);
    }),
  );

  it(
    'fences only grow over many leases',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      let highest = 0;
      for (let round = 0; round < 40; round++) {
        const fence = await claim(round % 2 ? store : other);
        expect(fence).toBeGreaterThan(highest);
        highest = fence;
        if (round % 3 === 0) expect(await store.renew(id, fence, 4_000)).toBe(true);
        expect(await store.release(id, fence)).toBe(true);
      }
    }),
  );

  it(
    'is too late from the expiry on, swept or not',
    using(async ({ store, other, suspension, id }) => {
      await store.put(suspension);
      expect(await store.claim(id, LEASE, 10_000)).toEqual({ kind: 'expired' });
      await other.sweep(10_000);
      expect(await store.claim(id, LEASE, NOW)).toEqual({ kind: 'expired' });
    }),
  );

  for (const [title, lease, nowMs] of [
    ['an owner that is no text', { owner: 5, leaseUntilMs: 3_000 }, NOW],
    ['an end that is no time', { owner: 'a', leaseUntilMs: 1.5 }, NOW],
    ['a time that is none', LEASE, Number.POSITIVE_INFINITY],
  ] as const) {
    it(
      `is refused with ${title}`,
      using(async ({ store, suspension, id }) => {
        await store.put(suspension);
        const claimed = store.claim(id, lease as typeof LEASE, nowMs);
        await expect(claimed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect((await store.read(id))?.state).toBe('suspended');
      }),
    );
  }

  it(
    'counts the claims that lapsed one after the other, and says when it was due',
    using(async ({ store, other, suspension, id }) => {
      await store.put({ ...suspension, dueAtMs: NOW });
      for (let losses = 0; losses < 3; losses++) {
        const nowMs = NOW + 1_000 * losses;
        const answer = await other.claim(id, { owner: 'two', leaseUntilMs: nowMs + 1_000 }, nowMs);
        expect(answer).toMatchObject({ kind: 'claimed', losses, dueAtMs: NOW });
        if (losses === 2 && answer.kind === 'claimed') await store.release(id, answer.fence, { dueAtMs: 7_000 });
      }
      const answer = await store.claim(id, { owner: 'one', leaseUntilMs: 9_000 }, 7_000);
      expect(answer).toMatchObject({ kind: 'claimed', losses: 0, dueAtMs: 7_000 });
    }),
  );
};
