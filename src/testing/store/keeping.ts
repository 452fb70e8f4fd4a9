import type { StoredSuspension } from '../../api/suspension-store.js';
import { nextTurn } from '../../support/timers.js';
import type { StoreSection } from './framework.js';
import { idOf, LEASE, makeOutcome, makeSuspension, NOW, plain, runOf } from './samples.js';

/** What a store keeps. */
export const describeKeeping: StoreSection = ({ it, expect }, using) => {
  it(
    'gives back what was put, whole, to everybody',
    using(async ({ store, other, suspension, id }) => {
      await store.put(suspension);
      for (const view of [store, other]) {
        expect(plain(await view.read(id))).toEqual(plain({ ...suspension, state: 'suspended' }));
      }
    }),
  );

  it(
    'takes envelopes of any length, and info of any plain data',
    using(async ({ store, other }) => {
      for (const length of [0, 1, 4_095, 40_000, 1_000_000]) {
        const info = { text: 'a'.repeat(length / 4), nothing: null, nested: [{ n: 1.5 }] };
        const given = { ...makeSuspension(idOf(`run ${length}`)), envelope: Buffer.alloc(length, 'x'), info };
        await store.put(given);
        expect(plain(await other.read(given.id))).toEqual(plain({ ...given, state: 'suspended' }));
      }
    }),
  );

  it(
    'keeps the tenant, and shows it in listings',
    using(async ({ store, other, suspension, id, claim }) => {
      const given = { ...suspension, tenant: 'one' };
      await store.put(given);
      expect(plain(await other.read(id))).toEqual(plain({ ...given, state: 'suspended' }));
      expect((await other.list({ limit: 1 })).suspensions[0]?.tenant).toBe('one');
      const fence = await claim();
      const next = { ...makeSuspension(idOf('a run', 2)), tenant: 'one' };
      await store.settle(id, fence, makeOutcome('continued'), next);
      expect(plain(await other.read(next.id))).toEqual(plain({ ...next, state: 'suspended' }));
    }),
  );

  it(
    'takes the same once more, and nothing else under its id',
    using(async ({ store, other, suspension, id }) => {
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
    }),
  );

  it(
    'does not take what was settled once more',
    using(async ({ store, suspension, id }) => {
      await store.put(suspension);
      await store.settle(id, undefined, makeOutcome('cancelled'));
      await expect(store.put(suspension)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }),
  );

  it(
    'takes no run again as long as anything of it is there, however early its first generation was deleted',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const fence = await claim();
      const next = makeSuspension(idOf('a run', 2), { expiresAtMs: 100_000 });
      await store.settle(id, fence, makeOutcome('continued', 'outcome', 20_000), next);
      expect((await store.sweep(20_000)).forgotten).toBe(1);
      const refused = async () => {
        for (const again of [suspension, makeSuspension(id, { content: 'second' })]) {
          for (const view of [store, other]) {
            await expect(view.put(again)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
          }
        }
        expect(await other.read(id)).toBeUndefined();
        expect(await other.claim(id, LEASE, NOW)).toEqual({ kind: 'unknown' });
        expect((await other.current(runOf(id)))?.id).toBe(next.id);
        expect((await other.list({ limit: 5 })).suspensions.map((one) => one.id)).toEqual([next.id]);
        expect(await other.due(NOW, { limit: 5 })).toEqual([]);
      };
      await refused();
      await store.settle(next.id, undefined, makeOutcome('cancelled', 'outcome', 40_000));
      await refused();
      expect((await store.sweep(40_000)).forgotten).toBe(1);
      await other.put(suspension);
      expect(plain(await store.read(id))).toEqual(plain({ ...suspension, state: 'suspended' }));
      expect((await store.current(runOf(id)))?.id).toBe(id);
    }),
  );

  it(
    'takes a run once, whoever puts it while it goes on and its generations are deleted',
    using(async ({ store, other, harness }) => {
      const [late = other] = harness.open(1);
      for (let round = 0; round < 15; round++) {
        const id = idOf(`round ${round}`);
        const given = makeSuspension(id, { expiresAtMs: 100_000 });
        await store.put(given);
        let isOver = false;
        const goOn = async () => {
          for (let generation = 1; generation < 4; generation++) {
            const present = idOf(`round ${round}`, generation);
            const answer = await store.claim(present, LEASE, NOW);
            const fence = answer.kind === 'claimed' ? answer.fence : 0;
            const next = makeSuspension(idOf(`round ${round}`, generation + 1), { expiresAtMs: 100_000 });
            await store.settle(present, fence, makeOutcome('continued'), next);
            await store.forget?.([present]);
          }
        };
        const answers = new Set<string>();
        const putAgain = async (view: typeof store) => {
          while (!isOver) {
            const again = makeSuspension(id, { content: 'second', expiresAtMs: 100_000 });
            const put = view.put(again).then(() => 'put');
            answers.add(await put.catch((error) => error.code));
            await nextTurn();
          }
        };
        const gone = goOn().finally(() => {
          isOver = true;
        });
        await Promise.all([gone, putAgain(other), putAgain(late)]);
        expect([...answers]).toEqual(['INVALID_ARGUMENT']);
        expect((await other.current(runOf(id)))?.id).toBe(idOf(`round ${round}`, 4));
        if (store.forget !== undefined) expect(await other.read(id)).toBeUndefined();
      }
    }),
  );

  for (const [title, part] of [
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
  ] as const) {
    it(
      `refuses ${title}`,
      using(async ({ store, suspension }) => {
        const given = { ...suspension, ...part } as StoredSuspension;
        await expect(store.put(given)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect((await store.list({ limit: 10 })).suspensions).toEqual([]);
      }),
    );
  }

  it(
    'knows nothing of ids that nobody put, or that are none',
    using(async ({ store, id }) => {
      for (const unknown of [id, '', '.', '..', '../key', `${id}/../key`, `${id}\0`, idOf('x', 2)]) {
        expect(await store.read(unknown)).toBeUndefined();
        expect(await store.claim(unknown, LEASE, NOW)).toEqual({ kind: 'unknown' });
        expect(await store.renew(unknown, 1, 5_000)).toBe(false);
        expect(await store.release(unknown, 1)).toBe(false);
        expect(await store.settle(unknown, 1, makeOutcome('completed'))).toEqual({ kind: 'unknown' });
        expect(await store.settle(unknown, undefined, makeOutcome('cancelled'))).toEqual({ kind: 'unknown' });
      }
    }),
  );

  it(
    'has one key, of 32 bytes, for everybody',
    using(async ({ store, other }) => {
      const [mine, theirs] = await Promise.all([store.key(), other.key()]);
      expect(mine).toHaveLength(32);
      expect(Buffer.compare(mine, theirs)).toBe(0);
      expect(new Set(mine).size).toBeGreaterThan(8);
    }),
  );
};
