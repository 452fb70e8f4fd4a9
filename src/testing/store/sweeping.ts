import type { SuspensionFilter } from '../../api/suspension-store.js';
import { nextTurn } from '../../support/timers.js';
import type { StoreSection } from './framework.js';
import { idOf, LEASE, makeOutcome, makeSuspension, NOW, plain } from './samples.js';

/** Listings, in pages. */
export const describeListing: StoreSection = ({ it, expect }, using) => {
  it(
    'gives all in pages, each once, in the order of their ids, without envelopes',
    using(async ({ store, other }) => {
      const ids = Array.from({ length: 25 }, (_, i) => idOf(`run ${i}`));
      await Promise.all(ids.map((each) => store.put(makeSuspension(each))));
      await store.settle(ids[3] as string, undefined, makeOutcome('cancelled'));
      await store.claim(ids[4] as string, LEASE, NOW);
      for (const limit of [1, 7, 25, 26, 1_000]) {
        const found: string[] = [];
        let after: string | undefined;
        do {
          const page = await other.list({ limit, ...(after !== undefined && { after }) });
          expect(page.unreadable).toEqual([]);
          expect(page.suspensions.length).toBeLessThanOrEqual(limit);
          found.push(...page.suspensions.map((each) => each.id));
          after = page.next;
        } while (after !== undefined);
        expect(found).toEqual([...ids].sort());
      }
      const { suspensions } = await other.list({ limit: 100 });
      const stateOf = (each: string | undefined) => suspensions.find((found) => found.id === each)?.state;
      expect([stateOf(ids[3]), stateOf(ids[4]), stateOf(ids[5])]).toEqual(['cancelled', 'resuming', 'suspended']);
      const { envelope, ...rest } = makeSuspension(ids[5] as string);
      const summary = { ...rest, state: 'suspended', envelopeBytes: envelope.length };
      expect(suspensions.find((found) => found.id === ids[5])).toEqual(summary);
    }),
  );

  it(
    'is empty for an empty store, and behind the last',
    using(async ({ store, suspension, id }) => {
      expect(await store.list({ limit: 5 })).toEqual({ suspensions: [], unreadable: [] });
      await store.put(suspension);
      expect(await store.list({ after: id, limit: 5 })).toEqual({ suspensions: [], unreadable: [] });
    }),
  );

  it(
    'refuses a limit that is none',
    using(async ({ store }) => {
      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await expect(store.list({ limit })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
    }),
  );

  it(
    'shows the states and the tenant that are asked for, and pages through them',
    using(async ({ store, other }) => {
      const ids = Array.from({ length: 12 }, (_, i) => idOf(`run ${i}`));
      for (const [i, each] of ids.entries())
        await store.put({ ...makeSuspension(each), tenant: i % 3 === 0 ? 'a' : 'b' });
      for (const each of ids.slice(0, 6)) await store.settle(each, undefined, makeOutcome('cancelled'));
      const found = async (filter: SuspensionFilter, limit: number) => {
        const all: string[] = [];
        let after: string | undefined;
        do {
          const page = await other.list({ ...filter, limit, ...(after !== undefined && { after }) });
          expect(page.suspensions.length).toBeLessThanOrEqual(limit);
          for (const summary of page.suspensions) all.push(summary.id);
          after = page.next;
        } while (after !== undefined);
        return all;
      };
      for (const limit of [1, 5, 100]) {
        expect(await found({ states: ['suspended'] }, limit)).toEqual(ids.slice(6).sort());
        expect(await found({ tenant: 'a' }, limit)).toEqual(ids.filter((_, i) => i % 3 === 0).sort());
        expect(await found({ states: ['cancelled', 'resuming'], tenant: 'b' }, limit)).toEqual(
          ids.filter((_, i) => i < 6 && i % 3 !== 0).sort(),
        );
        expect(await found({ states: [] }, limit)).toEqual([]);
      }
      for (const filter of [{ states: 'suspended' }, { states: ['waiting'] }, { tenant: 5 }]) {
        const listed = store.list({ limit: 5, ...(filter as object) });
        await expect(listed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
    }),
  );
};

/** What expires and is forgotten. */
export const describeSweeping: StoreSection = ({ it, expect }, using) => {
  it(
    'makes expired what is past its time, tells it once, and says so for a day',
    using(async ({ store, other, suspension, id }) => {
      await store.put(suspension);
      await store.put(makeSuspension(idOf('another'), { expiresAtMs: 10_001 }));
      expect(await store.sweep(9_999)).toEqual({ expired: [], forgotten: 0, unreadable: [] });
      expect((await store.sweep(10_000)).expired).toEqual([id]);
      expect((await other.sweep(10_000)).expired).toEqual([]);
      expect(await other.read(id)).toMatchObject({ state: 'expired', outcome: { settledAtMs: 10_000 } });
      const day = 24 * 60 * 60 * 1000;
      expect((await other.sweep(10_000 + day - 1)).forgotten).toBe(0);
      expect((await other.sweep(10_000 + day)).forgotten).toBe(1);
      expect(await store.read(id)).toBeUndefined();
    }),
  );

  it(
    'tells an expiry to one of many that sweep at once',
    using(async ({ store, other, harness }) => {
      const ids = Array.from({ length: 30 }, (_, i) => idOf(`run ${i}`));
      await Promise.all(ids.map((each) => store.put(makeSuspension(each))));
      const sweeps = await Promise.all([store, other, ...harness.open(2)].map((view) => view.sweep(11_000)));
      expect(sweeps.flatMap(({ expired }) => expired).sort()).toEqual([...ids].sort());
    }),
  );

  it(
    'leaves alone what is being resumed, until the lease lapses',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim(store, 9_000, { owner: 'one', leaseUntilMs: 12_000 });
      expect((await other.sweep(11_999)).expired).toEqual([]);
      expect((await other.sweep(12_000)).expired).toEqual([id]);
      expect(await store.settle(id, fence, makeOutcome('completed'))).toMatchObject({ kind: 'settled' });
    }),
  );

  it(
    'forgets outcomes when their time is over, not before',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      await store.settle(id, fence, makeOutcome('completed', 'outcome', 20_000));
      expect((await other.sweep(19_999)).forgotten).toBe(0);
      expect(await store.claim(id, LEASE, NOW)).toMatchObject({ kind: 'settled' });
      expect((await other.sweep(20_000)).forgotten).toBe(1);
      expect(await store.claim(id, LEASE, NOW)).toEqual({ kind: 'unknown' });
      expect(await store.list({ limit: 5 })).toEqual({ suspensions: [], unreadable: [] });
    }),
  );

  it(
    'forgets a generation, and neither forgets nor brings back one after it',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      const next = makeSuspension(idOf('a run', 2), { expiresAtMs: 100_000 });
      await store.settle(id, fence, makeOutcome('continued', 'outcome', 20_000), next);
      expect((await other.sweep(30_000)).forgotten).toBe(1);
      expect(await store.read(id)).toBeUndefined();
      expect(plain(await store.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
      await store.settle(next.id, undefined, makeOutcome('cancelled', 'outcome', 40_000));
      expect((await other.sweep(40_000)).forgotten).toBe(1);
      expect(await store.read(next.id)).toBeUndefined();
    }),
  );

  it(
    'does a part at a time, and all in the end',
    using(async ({ store, other }) => {
      const ids = Array.from({ length: 40 }, (_, i) => idOf(`run ${i}`));
      for (const each of ids) await store.put(makeSuspension(each));
      const parts: number[] = [];
      const expired: string[] = [];
      let after: string | undefined;
      do {
        const part = await other.sweep(10_000, { limit: 7, ...(after !== undefined && { after }) });
        parts.push(part.expired.length);
        for (const each of part.expired) expired.push(each);
        after = part.next;
      } while (after !== undefined);
      expect(expired.sort()).toEqual([...ids].sort());
      for (const part of parts) expect(part).toBeLessThanOrEqual(7);
      for (const options of [{ limit: 0 }, { limit: 1.5 }, { after: 5 }]) {
        const swept = store.sweep(NOW, options as { limit: number });
        await expect(swept).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
    }),
  );
};

/** Outcomes that are deleted early. */
export const describeForgetting: StoreSection = ({ it, expect }, using) => {
  it(
    'takes away what is settled, for everybody, and leaves what waits',
    using(async ({ store, other, id }) => {
      const [settled, waiting] = [id, idOf('another')];
      for (const each of [settled, waiting]) await store.put(makeSuspension(each));
      await store.settle(settled, undefined, makeOutcome('cancelled'));
      await other.forget?.([settled, waiting, idOf('unknown'), '../key']);
      expect(await store.read(settled)).toBeUndefined();
      expect(await store.read(waiting)).toMatchObject({ state: 'suspended' });
      expect(await store.claim(settled, LEASE, NOW)).toEqual({ kind: 'unknown' });
    }),
  );

  it(
    'takes away a generation, and neither takes nor brings back one after it',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      const next = makeSuspension(idOf('a run', 2));
      await store.settle(id, fence, makeOutcome('continued'), next);
      await other.forget?.([id]);
      expect(await store.read(id)).toBeUndefined();
      expect(plain(await store.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
    }),
  );

  it(
    'is told in bytes by a listing',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      await store.settle(id, fence, makeOutcome('completed', 'eleven byte'));
      const [summary] = (await other.list({ limit: 1 })).suspensions;
      expect(summary?.storedBytes).toBeGreaterThanOrEqual(11);
    }),
  );

  it(
    'finds a run that goes on at the same moment, also where the generations before are deleted at once',
    using(async ({ store, other, suspension }) => {
      await store.put(suspension);
      let isOver = false;
      const goOn = async () => {
        for (let generation = 1; generation <= 60; generation++) {
          const id = idOf('a run', generation);
          const answer = await store.claim(id, LEASE, NOW);
          const { fence, messages } = answer.kind === 'claimed' ? answer : { fence: 0, messages: [] };
          const next = makeSuspension(idOf('a run', generation + 1));
          const consumed = messages.map((message) => message.id);
          await store.settle(id, fence, makeOutcome('continued'), next, consumed);
          await store.forget?.([id]);
        }
        isOver = true;
      };
      const runId = suspension.id.slice(0, -2);
      const seen = new Set<string>();
      const look = async () => {
        while (!isOver) {
          seen.add((await other.current(runId))?.state ?? 'not found');
          await nextTurn();
        }
      };
      const post = async () => {
        for (let count = 0; !isOver; count++) {
          const answer = await other.post(runId, { id: `${count}`, content: Buffer.from('') });
          seen.add(answer);
        }
      };
      await Promise.all([goOn(), post(), ...Array.from({ length: 3 }, look)]);
      const wrong = [...seen].filter((one) => !['suspended', 'resuming', 'accepted', 'full'].includes(one));
      expect(wrong).toEqual([]);
    }),
  );
};
