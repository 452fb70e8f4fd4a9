import type { StoreSection } from './framework.js';
import { idOf, LEASE, makeOutcome, makeSuspension, NOW, plain, runOf } from './samples.js';

const MESSAGE = { id: 'one', content: Buffer.from('content') };

/** Runs that are deleted whatever their state is. */
export const describeErasing: StoreSection = ({ it, expect }, using) => {
  it(
    'takes away runs that wait, that are being resumed and that ended, for everybody, and leaves others',
    using(async ({ store, other }) => {
      const [waiting, resumed, ended, another] = ['waiting', 'resumed', 'ended', 'another'].map((run) => idOf(run));
      const all = [waiting, resumed, ended, another] as string[];
      for (const id of all) await store.put({ ...makeSuspension(id), dueAtMs: NOW });
      await store.claim(resumed as string, LEASE, NOW);
      await store.settle(ended as string, undefined, makeOutcome('cancelled'));
      const erased = all.slice(0, 3);
      await other.erase(erased.map(runOf));
      for (const id of erased) {
        expect(await store.read(id)).toBeUndefined();
        expect(await store.current(runOf(id))).toBeUndefined();
        expect(await store.claim(id, LEASE, NOW + 5_000)).toEqual({ kind: 'unknown' });
        expect(await store.post(runOf(id), MESSAGE)).toBe('unknown');
      }
      expect((await store.list({ limit: 10 })).suspensions.map(({ id }) => id)).toEqual([another]);
      expect((await store.due(NOW, { limit: 10 })).map(({ id }) => id)).toEqual([another]);
    }),
  );

  it(
    'takes away all generations, with the messages to the run and what it remembers of them',
    using(async ({ store, other, suspension, id, claim }) => {
      const next = makeSuspension(idOf('a run', 2));
      const last = makeSuspension(idOf('a run', 3));
      await store.put(suspension);
      await store.post(runOf(id), MESSAGE);
      await store.settle(id, await claim(), makeOutcome('continued'), next, [MESSAGE.id]);
      await store.post(runOf(id), { ...MESSAGE, id: 'two' });
      const answer = await store.claim(next.id, LEASE, NOW);
      const fence = answer.kind === 'claimed' ? answer.fence : 0;
      await store.settle(next.id, fence, makeOutcome('continued'), last);
      await other.erase([runOf(id)]);
      for (const each of [id, next.id, last.id]) expect(await store.read(each)).toBeUndefined();
      expect(await store.messages(runOf(id))).toEqual([]);
      expect(await store.list({ limit: 10 })).toEqual({ suspensions: [], unreadable: [] });
      // Nothing of it is left that another one of this id could find.
      await store.put(suspension);
      expect(await store.read(id)).toMatchObject({ state: 'suspended' });
      expect(await other.post(runOf(id), MESSAGE)).toBe('accepted');
      expect(plain(await store.messages(runOf(id)))).toEqual(plain([MESSAGE]));
    }),
  );

  it(
    'takes it from whoever has claimed it',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      await other.erase([runOf(id)]);
      expect(await store.renew(id, fence, NOW + 5_000)).toBe(false);
      expect(await store.release(id, fence)).toBe(false);
      const next = makeSuspension(idOf('a run', 2));
      expect(await store.settle(id, fence, makeOutcome('continued'), next)).toEqual({ kind: 'unknown' });
      expect(await store.current(runOf(id))).toBeUndefined();
      expect(await store.read(next.id)).toBeUndefined();
    }),
  );

  it(
    'gives a run that begins again under its id other fences, in all generations',
    using(async ({ store, other, suspension, id, claim }) => {
      const next = makeSuspension(idOf('a run', 2));
      const claimNext = async () => {
        const answer = await store.claim(next.id, LEASE, NOW);
        return answer.kind === 'claimed' ? answer.fence : 0;
      };
      await store.put(suspension);
      const first = await claim();
      await store.settle(id, first, makeOutcome('continued'), next);
      const second = await claimNext();
      await other.erase([runOf(id)]);
      await store.put(suspension);
      const again = await claim();
      for (const view of [store, other]) {
        expect(await view.renew(id, first, NOW + 5_000)).toBe(false);
        expect(await view.release(id, first)).toBe(false);
        expect(await view.settle(id, first, makeOutcome('failed'))).toEqual({ kind: 'fenced' });
      }
      expect(await store.settle(id, again, makeOutcome('continued'), next)).toEqual({ kind: 'recorded' });
      await claimNext();
      for (const view of [store, other]) {
        expect(await view.renew(next.id, second, NOW + 5_000)).toBe(false);
        expect(await view.settle(next.id, second, makeOutcome('failed'))).toEqual({ kind: 'fenced' });
      }
    }),
  );

  it(
    'may be repeated, and ignores what is unknown or no id of a run',
    using(async ({ store, suspension, id }) => {
      await store.put(suspension);
      await store.erase([runOf(id), runOf(idOf('unknown')), '../key', '', 'x'.repeat(1_000), '*', '%']);
      await store.erase([runOf(id)]);
      await store.erase([]);
      expect(await store.read(id)).toBeUndefined();
    }),
  );

  it(
    'leaves nothing of runs that go on at the same moment',
    using(async ({ store, other }) => {
      const runs = Array.from({ length: 20 }, (_, index) => `run ${index}`);
      for (const run of runs) await store.put(makeSuspension(idOf(run)));
      const goOn = async (run: string) => {
        for (let generation = 1; generation <= 4; generation++) {
          const id = idOf(run, generation);
          const answer = await other.claim(id, LEASE, NOW);
          if (answer.kind !== 'claimed') return;
          await other.post(runOf(id), { ...MESSAGE, id: `${generation}` });
          await other.settle(id, answer.fence, makeOutcome('continued'), makeSuspension(idOf(run, generation + 1)));
        }
      };
      await Promise.all([...runs.map(goOn), store.erase(runs.map((run) => runOf(idOf(run))))]);
      expect(await store.list({ limit: 100 })).toEqual({ suspensions: [], unreadable: [] });
      for (const run of runs) expect(await other.current(runOf(idOf(run)))).toBeUndefined();
    }),
  );
};
