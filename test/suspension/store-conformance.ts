import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ClaimAnswer, StoredSuspension, SuspensionStore } from '#src/api/suspension-store.js';
import { idOf, makeOutcome, makeSuspension, plain, type StoreHarness } from './store-helpers.js';

const NOW = 2_000;
const LEASE = { owner: 'one', leaseUntilMs: 3_000 };

/** The contract of {@link SuspensionStore}, for every implementation of it. */
export function describeStore(title: string, makeHarness: () => StoreHarness): void {
  describe(title, () => {
    let harness: StoreHarness;
    let store: SuspensionStore;
    /** The same store, as another process has it. */
    let other: SuspensionStore;
    let suspension: StoredSuspension;
    const id = idOf('a run');
    beforeEach(() => {
      harness = makeHarness();
      [store, other] = harness.open(2) as [SuspensionStore, SuspensionStore];
      suspension = makeSuspension(id);
    });
    afterEach(() => harness.dispose());

    const claim = async (from = store, nowMs = NOW, lease = LEASE): Promise<number> => {
      const answer = await from.claim(id, lease, nowMs);
      if (answer.kind !== 'claimed') throw new Error(`not claimed: ${answer.kind}`);
      return answer.fence;
    };

    describe('keeping', () => {
      it('gives back what was put, whole, to everybody', async () => {
        await store.put(suspension);
        for (const view of [store, other]) {
          expect(plain(await view.read(id))).toEqual(plain({ ...suspension, state: 'suspended' }));
        }
      });

      it('takes envelopes of any length, and info of any plain data', async () => {
        for (const length of [0, 1, 4_095, 40_000, 1_000_000]) {
          const info = { text: 'a'.repeat(length / 4), nothing: null, nested: [{ n: 1.5 }] };
          const given = { ...makeSuspension(idOf(`run ${length}`)), envelope: Buffer.alloc(length, 'x'), info };
          await store.put(given);
          expect(plain(await other.read(given.id))).toEqual(plain({ ...given, state: 'suspended' }));
        }
      });

      it('keeps the tenant, and shows it in listings', async () => {
        const given = { ...suspension, tenant: 'one' };
        await store.put(given);
        expect(plain(await other.read(id))).toEqual(plain({ ...given, state: 'suspended' }));
        expect((await other.list({ limit: 1 })).suspensions[0]?.tenant).toBe('one');
        await claim();
        const next = { ...makeSuspension(idOf('a run', 2)), tenant: 'one' };
        await store.settle(id, 1, makeOutcome('continued'), next);
        expect(plain(await other.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
      });

      it('takes the same once more, and nothing else under its id', async () => {
        await store.put(suspension);
        await other.put({ ...suspension });
        const others = [
          makeSuspension(id, { content: 'second' }),
          { ...suspension, expiresAtMs: 9_999 },
          { ...suspension, info: { handlerName: 'another' } },
        ];
        for (const another of others) {
          await expect(other.put(another)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        }
        expect(plain(await store.read(id))).toEqual(plain({ ...suspension, state: 'suspended' }));
      });

      it('does not take what was settled once more', async () => {
        await store.put(suspension);
        await store.settle(id, undefined, makeOutcome('cancelled'));
        await expect(store.put(suspension)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      });

      it.each<[string, Partial<Record<keyof StoredSuspension, unknown>>]>([
        ['a path for an id', { id: '../../../../etc/passwd' }],
        ['an id with a path in it', { id: `${idOf('a run').slice(0, 20)}/..1.1` }],
        ['an id without a generation', { id: idOf('a run').slice(0, 22) }],
        ['generation 0', { id: idOf('a run', 0) }],
        ['a later generation', { id: idOf('a run', 2) }],
        ['an envelope that is no bytes', { envelope: 'text' }],
        ['a time that is none', { createdAtMs: Number.NaN }],
        ['an expiry that is none', { expiresAtMs: '10000' }],
        ['a tenant that is no text', { tenant: 5 }],
        ['a tenant that is too long', { tenant: 'a'.repeat(129) }],
        ['info that is too large', { info: { text: 'a'.repeat(1_100_000) } }],
        ['info that is no object', { info: [] }],
      ])('refuses %s', async (_title, part) => {
        const given = { ...suspension, ...part } as StoredSuspension;
        await expect(store.put(given)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect((await store.list({ limit: 10 })).suspensions).toEqual([]);
      });

      it('knows nothing of ids that nobody put, or that are none', async () => {
        for (const unknown of [id, '', '.', '..', '../key', `${id}/../key`, `${id}\0`, idOf('x', 2)]) {
          expect(await store.read(unknown)).toBeUndefined();
          expect(await store.claim(unknown, LEASE, NOW)).toEqual({ kind: 'unknown' });
          expect(await store.renew(unknown, 1, 5_000)).toBe(false);
          expect(await store.release(unknown, 1)).toBe(false);
          expect(await store.settle(unknown, 1, makeOutcome('completed'))).toEqual({ kind: 'unknown' });
          expect(await store.settle(unknown, undefined, makeOutcome('cancelled'))).toEqual({ kind: 'unknown' });
        }
      });

      it('has one key, of 32 bytes, for everybody', async () => {
        const [mine, theirs] = await Promise.all([store.key(), other.key()]);
        expect(mine).toHaveLength(32);
        expect(Buffer.compare(mine, theirs)).toBe(0);
        expect(new Set(mine).size).toBeGreaterThan(8);
      });
    });

    describe('claiming', () => {
      it('gives the envelope and a fence, and shows the lease', async () => {
        await store.put(suspension);
        const answer = await store.claim(id, LEASE, NOW);
        expect(plain(answer)).toEqual(plain({ kind: 'claimed', fence: 1, envelope: suspension.envelope }));
        expect(await other.read(id)).toMatchObject({ state: 'resuming', lease: { ...LEASE, fence: 1 } });
      });

      it('is refused while somebody has it, and says until when', async () => {
        await store.put(suspension);
        await claim();
        for (const nowMs of [NOW, 2_999]) {
          expect(await other.claim(id, { owner: 'two', leaseUntilMs: 4_000 }, nowMs)).toEqual({
            kind: 'leased',
            untilMs: 3_000,
          });
        }
      });

      it('has one winner, however many ask at once', async () => {
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
      });

      it('claiming a lapsed lease gives a higher fence, and shuts the old one out', async () => {
        await store.put(suspension);
        const old = await claim();
        const fence = await claim(other, 3_000, { owner: 'two', leaseUntilMs: 4_000 });
        expect(fence).toBeGreaterThan(old);
        expect(await store.renew(id, old, 9_000)).toBe(false);
        expect(await store.release(id, old)).toBe(false);
        expect(await store.settle(id, old, makeOutcome('completed'))).toEqual({ kind: 'fenced' });
        expect(await other.settle(id, fence, makeOutcome('completed'))).toEqual({ kind: 'recorded' });
      });

      it('claiming after a release is possible at once, with a higher fence', async () => {
        await store.put(suspension);
        const old = await claim();
        expect(await store.release(id, old)).toBe(true);
        expect((await other.read(id))?.state).toBe('suspended');
        expect(await store.release(id, old)).toBe(false);
        expect(await store.settle(id, old, makeOutcome('completed'))).toEqual({ kind: 'fenced' });
        expect(await claim(other)).toBeGreaterThan(old);
      });

      it('is put off by a renewal, by as much as it says', async () => {
        await store.put(suspension);
        const fence = await claim();
        expect(await store.renew(id, fence, 5_000)).toBe(true);
        expect(await other.claim(id, LEASE, 4_999)).toEqual({ kind: 'leased', untilMs: 5_000 });
        expect(await store.renew(id, fence, 2_500)).toBe(true);
        expect(await claim(other, 2_500)).toBeGreaterThan(fence);
      });

      it('fences only grow over many leases', async () => {
        await store.put(suspension);
        let highest = 0;
        for (let round = 0; round < 40; round++) {
          const fence = await claim(round % 2 ? store : other);
          expect(fence).toBeGreaterThan(highest);
          highest = fence;
          if (round % 3 === 0) expect(await store.renew(id, fence, 4_000)).toBe(true);
          expect(await store.release(id, fence)).toBe(true);
        }
      });

      it('is too late from the expiry on, swept or not', async () => {
        await store.put(suspension);
        expect(await store.claim(id, LEASE, 10_000)).toEqual({ kind: 'expired' });
        await other.sweep(10_000);
        expect(await store.claim(id, LEASE, NOW)).toEqual({ kind: 'expired' });
      });

      it.each([
        ['an owner that is no text', { owner: 5, leaseUntilMs: 3_000 }, NOW],
        ['an end that is no time', { owner: 'a', leaseUntilMs: 1.5 }, NOW],
        ['a time that is none', LEASE, Number.POSITIVE_INFINITY],
      ])('is refused with %s', async (_title, lease, nowMs) => {
        await store.put(suspension);
        const claimed = store.claim(id, lease as typeof LEASE, nowMs);
        await expect(claimed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect((await store.read(id))?.state).toBe('suspended');
      });
    });

    describe('settling', () => {
      it('records an outcome once, and gives it to whoever asks after that', async () => {
        await store.put(suspension);
        const fence = await claim();
        const outcome = makeOutcome('completed', 'the first');
        expect(await store.settle(id, fence, outcome)).toEqual({ kind: 'recorded' });
        const settled = plain({ kind: 'settled', outcome });
        expect(plain(await other.claim(id, LEASE, 9_000))).toEqual(settled);
        expect(plain(await store.settle(id, fence, makeOutcome('failed', 'the second')))).toEqual(settled);
        expect(plain(await other.settle(id, undefined, makeOutcome('cancelled')))).toEqual(settled);
        expect(await store.renew(id, fence, 9_000)).toBe(false);
        expect(await store.release(id, fence)).toBe(false);
        const { envelope: _, ...rest } = suspension;
        expect(plain(await other.read(id))).toEqual(plain({ ...rest, state: 'completed', outcome }));
      });

      it('takes an outcome of a lapsed lease that nobody claimed since', async () => {
        await store.put(suspension);
        const fence = await claim();
        expect(await store.settle(id, fence, { ...makeOutcome('failed'), settledAtMs: 8_000 })).toEqual({
          kind: 'recorded',
        });
      });

      it('settling without a claim is refused', async () => {
        await store.put(suspension);
        expect(await store.settle(id, 1, makeOutcome('completed'))).toEqual({ kind: 'fenced' });
        expect((await store.read(id))?.state).toBe('suspended');
      });

      it.each([
        'cancelled',
        'expired',
      ] as const)('settling as %s needs no fence, and wins over who is resuming', async (state) => {
        await store.put(suspension);
        const fence = await claim();
        const outcome = makeOutcome(state);
        expect(await other.settle(id, undefined, outcome)).toEqual({ kind: 'recorded' });
        expect(plain(await store.settle(id, fence, makeOutcome('completed')))).toEqual(
          plain({ kind: 'settled', outcome }),
        );
        expect((await store.read(id))?.state).toBe(state);
      });

      it('has one winner, whoever settles and cancels at once', async () => {
        const views = [store, other, ...harness.open(4)];
        for (let round = 0; round < 20; round++) {
          const given = makeSuspension(idOf(`round ${round}`));
          await store.put(given);
          const { fence } = (await store.claim(given.id, LEASE, NOW)) as ClaimAnswer & { kind: 'claimed' };
          const answers = await Promise.all(
            views.map((view, index) =>
              index % 2 === 0
                ? view.settle(given.id, fence, makeOutcome('completed', `${index}`))
                : view.settle(given.id, undefined, makeOutcome('cancelled', `${index}`)),
            ),
          );
          const winner = answers.findIndex(({ kind }) => kind === 'recorded');
          expect(answers.filter(({ kind }) => kind === 'recorded')).toHaveLength(1);
          for (const answer of answers.filter((_, index) => index !== winner)) {
            expect(plain(answer)).toMatchObject({
              kind: 'settled',
              outcome: plain({ content: Buffer.from(`${winner}`) }),
            });
          }
        }
      });

      it.each([
        ['completed without a fence', undefined, makeOutcome('completed'), undefined],
        ['continued without a next one', 1, makeOutcome('continued'), undefined],
        ['completed with a next one', 1, makeOutcome('completed'), makeSuspension(idOf('a run', 2))],
        ['continued as another run', 1, makeOutcome('continued'), makeSuspension(idOf('another run', 2))],
        ['continued as itself', 1, makeOutcome('continued'), makeSuspension(idOf('a run', 1))],
        ['continued past a generation', 1, makeOutcome('continued'), makeSuspension(idOf('a run', 3))],
        ['with a fence that is none', 1.5, makeOutcome('completed'), undefined],
        ['with content that is no bytes', 1, { ...makeOutcome('completed'), content: 'text' }, undefined],
        ['with a time that is none', 1, { ...makeOutcome('completed'), keepUntilMs: -1 }, undefined],
      ])('%s is refused', async (_title, fence, outcome, next) => {
        await store.put(suspension);
        await claim();
        const settled = store.settle(id, fence, outcome as ReturnType<typeof makeOutcome>, next);
        await expect(settled).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect((await store.read(id))?.state).toBe('resuming');
      });
    });

    describe('continuing', () => {
      it('makes the next generation, for everybody, with the outcome of this one', async () => {
        await store.put(suspension);
        let expected: StoredSuspension = suspension;
        for (let generation = 1; generation <= 12; generation++) {
          const current = idOf('a run', generation);
          const answer = await other.claim(current, LEASE, NOW);
          expect(plain(answer)).toEqual(plain({ kind: 'claimed', fence: 1, envelope: expected.envelope }));
          const next = makeSuspension(idOf('a run', generation + 1), { content: `${generation}` });
          expect(await store.settle(current, 1, makeOutcome('continued'), next)).toEqual({ kind: 'recorded' });
          expect(await other.read(current)).toMatchObject({ state: 'continued' });
          expect(plain(await other.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
          expected = next;
        }
      });

      it('leaves nothing of the one who was fenced off', async () => {
        await store.put(suspension);
        const old = await claim();
        const fence = await claim(other, 3_000, { owner: 'two', leaseUntilMs: 4_000 });
        const [mine, theirs] = ['old', 'new'].map((content) => makeSuspension(idOf('a run', 2), { content }));
        expect(await store.settle(id, old, makeOutcome('continued'), mine)).toEqual({ kind: 'fenced' });
        expect(await store.read(idOf('a run', 2))).toBeUndefined();
        expect(await other.settle(id, fence, makeOutcome('continued'), theirs)).toEqual({ kind: 'recorded' });
        expect(await store.settle(id, old, makeOutcome('continued'), mine)).toMatchObject({ kind: 'settled' });
        expect(plain(await store.read(idOf('a run', 2)))).toEqual(plain({ ...theirs, state: 'suspended' }));
      });
    });

    describe('listing', () => {
      it('gives all in pages, each once, in the order of their ids, without envelopes', async () => {
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
      });

      it('is empty for an empty store, and behind the last', async () => {
        expect(await store.list({ limit: 5 })).toEqual({ suspensions: [], unreadable: [] });
        await store.put(suspension);
        expect(await store.list({ after: id, limit: 5 })).toEqual({ suspensions: [], unreadable: [] });
      });

      it('refuses a limit that is none', async () => {
        for (const limit of [0, -1, 1.5, Number.NaN]) {
          await expect(store.list({ limit })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        }
      });
    });

    describe('sweeping', () => {
      it('makes expired what is past its time, tells it once, and says so for a day', async () => {
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
      });

      it('tells an expiry to one of many that sweep at once', async () => {
        const ids = Array.from({ length: 30 }, (_, i) => idOf(`run ${i}`));
        await Promise.all(ids.map((each) => store.put(makeSuspension(each))));
        const sweeps = await Promise.all([store, other, ...harness.open(2)].map((view) => view.sweep(11_000)));
        expect(sweeps.flatMap(({ expired }) => expired).sort()).toEqual([...ids].sort());
      });

      it('leaves alone what is being resumed, until the lease lapses', async () => {
        await store.put(suspension);
        const fence = await claim(store, 9_000, { owner: 'one', leaseUntilMs: 12_000 });
        expect((await other.sweep(11_999)).expired).toEqual([]);
        expect((await other.sweep(12_000)).expired).toEqual([id]);
        expect(await store.settle(id, fence, makeOutcome('completed'))).toMatchObject({ kind: 'settled' });
      });

      it('forgets outcomes when their time is over, not before', async () => {
        await store.put(suspension);
        const fence = await claim();
        await store.settle(id, fence, makeOutcome('completed', 'outcome', 20_000));
        expect((await other.sweep(19_999)).forgotten).toBe(0);
        expect(await store.claim(id, LEASE, NOW)).toMatchObject({ kind: 'settled' });
        expect((await other.sweep(20_000)).forgotten).toBe(1);
        expect(await store.claim(id, LEASE, NOW)).toEqual({ kind: 'unknown' });
        expect(await store.list({ limit: 5 })).toEqual({ suspensions: [], unreadable: [] });
      });

      it('forgets a generation, and neither forgets nor brings back one after it', async () => {
        await store.put(suspension);
        await claim();
        const next = makeSuspension(idOf('a run', 2), { expiresAtMs: 100_000 });
        await store.settle(id, 1, makeOutcome('continued', 'outcome', 20_000), next);
        expect((await other.sweep(30_000)).forgotten).toBe(1);
        expect(await store.read(id)).toBeUndefined();
        expect(plain(await store.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
        await store.settle(next.id, undefined, makeOutcome('cancelled', 'outcome', 40_000));
        expect((await other.sweep(40_000)).forgotten).toBe(1);
        expect(await store.read(next.id)).toBeUndefined();
      });
    });

    describe('forgetting', () => {
      it('takes away what is settled, for everybody, and leaves what waits', async () => {
        const [settled, waiting] = [id, idOf('another')];
        for (const each of [settled, waiting]) await store.put(makeSuspension(each));
        await store.settle(settled, undefined, makeOutcome('cancelled'));
        await other.forget?.([settled, waiting, idOf('unknown'), '../key']);
        expect(await store.read(settled)).toBeUndefined();
        expect(await store.read(waiting)).toMatchObject({ state: 'suspended' });
        expect(await store.claim(settled, LEASE, NOW)).toEqual({ kind: 'unknown' });
      });

      it('takes away a generation, and neither takes nor brings back one after it', async () => {
        await store.put(suspension);
        await claim();
        const next = makeSuspension(idOf('a run', 2));
        await store.settle(id, 1, makeOutcome('continued'), next);
        await other.forget?.([id]);
        expect(await store.read(id)).toBeUndefined();
        expect(plain(await store.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
      });

      it('is told in bytes by a listing', async () => {
        await store.put(suspension);
        await claim();
        await store.settle(id, 1, makeOutcome('completed', 'eleven byte'));
        const [summary] = (await other.list({ limit: 1 })).suspensions;
        expect(summary?.storedBytes).toBeGreaterThanOrEqual(11);
      });
    });

    describe('closing', () => {
      it('waits for what is under way, and refuses what comes later', async () => {
        const put = store.put(suspension);
        await store.close();
        await put;
        for (const late of [store.read(id), store.put(suspension), store.sweep(NOW), store.key()]) {
          await expect(late).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' });
        }
        await store.close();
      });
    });
  });
}
