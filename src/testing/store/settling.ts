import type { ClaimAnswer, StoredSuspension } from '../../api/suspension-store.js';
import type { StoreSection } from './framework.js';
import { idOf, LEASE, makeOutcome, makeSuspension, NOW, plain } from './samples.js';

/** Outcomes, recorded once. */
export const describeSettling: StoreSection = ({ it, expect }, using) => {
  it(
    'records an outcome once, and gives it to whoever asks after that',
    using(async ({ store, other, suspension, id, claim }) => {
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
    }),
  );

  it(
    'takes an outcome of a lapsed lease that nobody claimed since',
    using(async ({ store, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      expect(await store.settle(id, fence, { ...makeOutcome('failed'), settledAtMs: 8_000 })).toEqual({
        kind: 'recorded',
      });
    }),
  );

  it(
    'settling without a claim is refused',
    using(async ({ store, suspension, id }) => {
      await store.put(suspension);
      expect(await store.settle(id, 1, makeOutcome('completed'))).toEqual({ kind: 'fenced' });
      expect((await store.read(id))?.state).toBe('suspended');
    }),
  );

  for (const state of ['cancelled', 'expired'] as const) {
    it(
      `settling as ${state} needs no fence, and wins over who is resuming`,
      using(async ({ store, other, suspension, id, claim }) => {
        await store.put(suspension);
        const fence = await claim();
        const outcome = makeOutcome(state);
        expect(await other.settle(id, undefined, outcome)).toEqual({ kind: 'recorded' });
        expect(plain(await store.settle(id, fence, makeOutcome('completed')))).toEqual(
          plain({ kind: 'settled', outcome }),
        );
        expect((await store.read(id))?.state).toBe(state);
      }),
    );
  }

  it(
    'has one winner, whoever settles and cancels at once',
    using(async ({ store, other, harness }) => {
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
    }),
  );

  for (const [title, fence, outcome, next] of [
    ['completed without a fence', undefined, makeOutcome('completed'), undefined],
    ['continued without a next one', 1, makeOutcome('continued'), undefined],
    ['completed with a next one', 1, makeOutcome('completed'), makeSuspension(idOf('a run', 2))],
    ['continued as another run', 1, makeOutcome('continued'), makeSuspension(idOf('another run', 2))],
    ['continued as itself', 1, makeOutcome('continued'), makeSuspension(idOf('a run', 1))],
    ['continued past a generation', 1, makeOutcome('continued'), makeSuspension(idOf('a run', 3))],
    ['with a fence that is none', 1.5, makeOutcome('completed'), undefined],
    ['with content that is no bytes', 1, { ...makeOutcome('completed'), content: 'text' }, undefined],
    ['with a time that is none', 1, { ...makeOutcome('completed'), keepUntilMs: -1 }, undefined],
  ] as const) {
    it(
      `${title} is refused`,
      using(async ({ store, suspension, id, claim }) => {
        await store.put(suspension);
        await claim();
        const settled = store.settle(id, fence, outcome as ReturnType<typeof makeOutcome>, next);
        await expect(settled).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect((await store.read(id))?.state).toBe('resuming');
      }),
    );
  }
};

/** The next generation of a run. */
export const describeContinuing: StoreSection = ({ it, expect }, using) => {
  it(
    'makes the next generation, for everybody, with the outcome of this one',
    using(async ({ store, other, suspension }) => {
      await store.put(suspension);
      let expected: StoredSuspension = suspension;
      for (let generation = 1; generation <= 12; generation++) {
        const current = idOf('a run', generation);
        const answer = await other.claim(current, LEASE, NOW);
        const fence = answer.kind === 'claimed' ? answer.fence : 0;
        expect(plain(answer)).toEqual(
          plain({ kind: 'claimed', fence, losses: 0, envelope: expected.envelope, messages: [] }),
        );
        const next = makeSuspension(idOf('a run', generation + 1), { content: `${generation}` });
        expect(await store.settle(current, fence, makeOutcome('continued'), next)).toEqual({ kind: 'recorded' });
        expect(await other.read(current)).toMatchObject({ state: 'continued' });
        expect(plain(await other.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
        expected = next;
      }
    }),
  );

  it(
    'leaves nothing of the one who was fenced off',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const old = await claim();
      const fence = await claim(other, 3_000, { owner: 'two', leaseUntilMs: 4_000 });
      const [mine, theirs] = ['old', 'new'].map((content) => makeSuspension(idOf('a run', 2), { content }));
      expect(await store.settle(id, old, makeOutcome('continued'), mine)).toEqual({ kind: 'fenced' });
      expect(await store.read(idOf('a run', 2))).toBeUndefined();
      expect(await other.settle(id, fence, makeOutcome('continued'), theirs)).toEqual({ kind: 'recorded' });
      expect(await store.settle(id, old, makeOutcome('continued'), mine)).toMatchObject({ kind: 'settled' });
      expect(plain(await store.read(idOf('a run', 2)))).toEqual(plain({ ...theirs, state: 'suspended' }));
    }),
  );
};
