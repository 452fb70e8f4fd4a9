import type { SuspensionStore } from '../../api/suspension-store.js';
import type { StoreSection } from './framework.js';
import { idOf, LEASE, makeOutcome, makeSuspension, NOW, plain } from './samples.js';

const RUN = idOf('a run').slice(0, -2);
const MESSAGE = { id: 'm', content: Buffer.from('content') };

async function dueIds(store: SuspensionStore, nowMs: number, limit = 100): Promise<readonly string[]> {
  return (await store.due(nowMs, { limit })).map(({ id }) => id);
}

/** What somebody should resume. */
export const describeDue: StoreSection = ({ it, expect }, using) => {
  it(
    'gives what has a time from that time on, and what has none never',
    using(async ({ store, other, suspension, id }) => {
      await store.put({ ...suspension, dueAtMs: 5_000 });
      await store.put(makeSuspension(idOf('without a time')));
      expect(await dueIds(other, 4_999)).toEqual([]);
      for (const view of [store, other]) expect(await dueIds(view, 5_000)).toEqual([id]);
      expect(await dueIds(other, 9_999)).toEqual([id]);
      expect(await dueIds(other, 10_000)).toEqual([]);
      expect(await store.read(id)).toMatchObject({ dueAtMs: 5_000 });
    }),
  );

  it(
    'does not give what somebody has, until the lease lapses',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put({ ...suspension, dueAtMs: NOW });
      const fence = await claim();
      expect(await dueIds(other, 2_999)).toEqual([]);
      expect(await dueIds(other, 3_000)).toEqual([id]);
      await store.renew(id, fence, 6_000);
      expect(await dueIds(other, 5_999)).toEqual([]);
      expect(await dueIds(store, 6_000)).toEqual([id]);
    }),
  );

  it(
    'a release says when it is due again, or leaves it as it was',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put({ ...suspension, dueAtMs: NOW });
      await store.release(id, await claim());
      expect(await dueIds(other, NOW)).toEqual([id]);
      await store.release(id, await claim(), { dueAtMs: 7_000 });
      expect(await store.read(id)).toMatchObject({ dueAtMs: 7_000 });
      expect(await dueIds(other, 6_999)).toEqual([]);
      expect(await dueIds(other, 7_000)).toEqual([id]);
      await store.release(id, await claim(), {});
      expect((await store.read(id))?.dueAtMs).toBeUndefined();
      expect(await dueIds(other, 9_999)).toEqual([]);
      await store.release(id, await claim(), { dueAtMs: 3_000 });
      expect(await dueIds(other, 3_000)).toEqual([id]);
      for (const next of [{ dueAtMs: -1 }, { dueAtMs: 1.5 }, 5]) {
        const released = store.release(
          id,
          await claim(store, 3_000, { owner: 'a', leaseUntilMs: 3_000 }),
          next as object,
        );
        await expect(released).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
    }),
  );

  it(
    'a message makes it due, until a release or an outcome has seen it',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      await other.post(RUN, MESSAGE);
      for (const view of [store, other]) expect(await dueIds(view, NOW)).toEqual([id]);
      const first = await claim();
      expect(await dueIds(other, NOW)).toEqual([]);
      await store.release(id, first);
      expect(await dueIds(other, NOW)).toEqual([id]);
      await store.release(id, await claim(), {});
      expect(await dueIds(other, NOW)).toEqual([]);
      await other.post(RUN, { ...MESSAGE, id: 'n' });
      expect(await dueIds(store, NOW)).toEqual([id]);
    }),
  );

  it(
    'a message that comes while somebody has it makes it due after that',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      await other.post(RUN, MESSAGE);
      expect(await dueIds(other, NOW)).toEqual([]);
      await store.release(id, fence, { dueAtMs: 9_000 });
      expect(await dueIds(other, NOW)).toEqual([id]);
    }),
  );

  it(
    'the claimant of a message that died leaves it due',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      await other.post(RUN, MESSAGE);
      await claim();
      expect(await dueIds(other, 3_000)).toEqual([id]);
    }),
  );

  it(
    'the next generation is due by its own time, and by messages that are left',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put({ ...suspension, dueAtMs: NOW });
      await other.post(RUN, MESSAGE);
      const second = { ...makeSuspension(idOf('a run', 2)), dueAtMs: 6_000 };
      await store.settle(id, await claim(), makeOutcome('continued'), second, ['m']);
      expect(await dueIds(other, 5_999)).toEqual([]);
      expect(await dueIds(other, 6_000)).toEqual([second.id]);
      await other.post(RUN, { ...MESSAGE, id: 'n' });
      const third = makeSuspension(idOf('a run', 3));
      const answer = await store.claim(second.id, LEASE, NOW);
      const fence = answer.kind === 'claimed' ? answer.fence : 0;
      await store.settle(second.id, fence, makeOutcome('continued'), third);
      expect(await dueIds(other, NOW)).toEqual([third.id]);
      await store.settle(third.id, undefined, makeOutcome('cancelled'));
      expect(await dueIds(other, NOW)).toEqual([]);
    }),
  );

  it(
    'gives so many at a time, those of one deployment, with their tenant',
    using(async ({ store, other }) => {
      const day = 86_400_000;
      const ids = Array.from({ length: 20 }, (_, n) => idOf(`run ${n}`));
      for (const [n, id] of ids.entries()) {
        const owner = n % 2 === 0 ? { deployment: 'even', tenant: 'acme' } : n < 10 ? { deployment: 'odd' } : {};
        await store.put({ ...makeSuspension(id, { expiresAtMs: 100 * day }), ...owner, dueAtMs: n * day });
      }
      expect(await dueIds(other, 50 * day, 7)).toEqual(ids.slice(0, 7));
      const even = await other.due(50 * day, { limit: 100, deployment: 'even' });
      expect(plain(even)).toEqual(
        ids.filter((_, n) => n % 2 === 0).map((id) => ({ id, tenant: 'acme', deployment: 'even' })),
      );
      const odd = await other.due(3 * day, { limit: 100, deployment: 'odd' });
      expect(odd.map(({ id }) => id)).toEqual([ids[1], ids[3]]);
      expect(await other.due(50 * day, { limit: 100, deployment: 'neither' })).toEqual([]);
      const listed = await other.list({ limit: 100, deployment: 'odd' });
      expect(listed.suspensions.map(({ id }) => id)).toEqual([1, 3, 5, 7, 9].map((n) => ids[n] as string).sort());
    }),
  );

  it(
    'refuses a time, a limit and a deployment that are none',
    using(async ({ store, suspension }) => {
      const refused = { code: 'INVALID_ARGUMENT' };
      await expect(store.due(-1, { limit: 1 })).rejects.toMatchObject(refused);
      for (const limit of [0, 1.5]) await expect(store.due(NOW, { limit })).rejects.toMatchObject(refused);
      await expect(store.due(NOW, { limit: 1, deployment: '../x' })).rejects.toMatchObject(refused);
      for (const part of [{ dueAtMs: 1.5 }, { dueAtMs: '5' }, { deployment: '' }, { deployment: 'a/b' }]) {
        await expect(store.put({ ...suspension, ...(part as object) })).rejects.toMatchObject(refused);
      }
    }),
  );
};
