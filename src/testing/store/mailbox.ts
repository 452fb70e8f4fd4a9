import type { StoredMessage, SuspensionStore } from '../../api/suspension-store.js';
import { nextTurn } from '../../support/timers.js';
import type { StoreSection } from './framework.js';
import { idOf, LEASE, makeOutcome, makeSuspension, NOW, plain } from './samples.js';

/** A thousand files are written. */
const LONG_MS = 120_000;
const RUN = idOf('a run').slice(0, -2);

function messageOf(id: string, content = `content of ${id}`): StoredMessage {
  return { id, content: Buffer.from(content) };
}

/** Ids of the messages that a claim gets, which is then released. */
async function claimedIds(store: SuspensionStore, id: string, nowMs = NOW): Promise<readonly string[]> {
  const answer = await store.claim(id, LEASE, nowMs);
  if (answer.kind !== 'claimed') throw new Error(`not claimed: ${answer.kind}`);
  await store.release(id, answer.fence);
  return answer.messages.map((message) => message.id);
}

/** Messages to a run. */
export const describeMailbox: StoreSection = ({ it, expect }, using) => {
  it(
    'gives messages to whoever claims, in order and as they were, until an outcome consumes them',
    using(async ({ store, other, suspension, id }) => {
      await store.put(suspension);
      const given = [messageOf('second name', ''), messageOf('a', 'x'.repeat(100_000)), messageOf('…:/\0b')];
      for (const message of given) expect(await other.post(RUN, message)).toBe('accepted');
      for (const view of [store, other]) {
        const answer = await view.claim(id, LEASE, NOW);
        expect(plain(answer)).toMatchObject({ kind: 'claimed', messages: plain(given) as object[] });
        expect(await view.release(id, answer.kind === 'claimed' ? answer.fence : 0)).toBe(true);
      }
      const answer = await store.claim(id, LEASE, NOW);
      const fence = answer.kind === 'claimed' ? answer.fence : 0;
      const next = makeSuspension(idOf('a run', 2));
      const settled = await store.settle(id, fence, makeOutcome('continued'), next, ['a', 'unknown']);
      expect(settled).toEqual({ kind: 'recorded' });
      for (const view of [store, other]) expect(await claimedIds(view, next.id)).toEqual(['second name', '…:/\0b']);
    }),
  );

  it(
    'gives who waits for more those that it does not have, in order',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const given = ['b', '…:/\0b', 'a'].map((name) => messageOf(name));
      for (const message of given) await other.post(RUN, message);
      const next = makeSuspension(idOf('a run', 2));
      await store.settle(id, await claim(), makeOutcome('continued'), next, ['b']);
      await other.post(RUN, messageOf('last'));
      const idsWithout = async (...known: string[]) => (await other.messages(RUN, known)).map((message) => message.id);
      expect(await idsWithout()).toEqual(['…:/\0b', 'a', 'last']);
      expect(await idsWithout('…:/\0b')).toEqual(['a', 'last']);
      expect(await idsWithout('b', 'last', 'unknown', 'a')).toEqual(['…:/\0b']);
      expect(await idsWithout('a', '…:/\0b', 'last')).toEqual([]);
      expect(plain(await store.messages(RUN, ['a', 'last']))).toEqual(plain([messageOf('…:/\0b')]));
      for (const known of ['a', [5], ['']]) {
        const asked = store.messages(RUN, known as unknown as string[]);
        await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
    }),
  );

  it(
    'accepts an id once, whether or not it was consumed',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      expect(await store.post(RUN, messageOf('m', 'first'))).toBe('accepted');
      expect(await other.post(RUN, messageOf('m', 'second'))).toBe('duplicate');
      const next = makeSuspension(idOf('a run', 2));
      await store.settle(id, await claim(), makeOutcome('continued'), next, ['m']);
      expect(await other.post(RUN, messageOf('m', 'third'))).toBe('duplicate');
      expect(await claimedIds(store, next.id)).toEqual([]);
    }),
  );

  it(
    'an id that an outcome names and nobody has posted is accepted later',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const next = makeSuspension(idOf('a run', 2));
      await store.settle(id, await claim(), makeOutcome('continued'), next, ['m']);
      expect(await other.post(RUN, messageOf('m'))).toBe('accepted');
      expect(await claimedIds(store, next.id)).toEqual(['m']);
    }),
  );

  it(
    'accepts an id once, however many post it at once, and loses none of many',
    using(async ({ harness, store, other, suspension, id }) => {
      await store.put(suspension);
      const views = [store, other, ...harness.open(2)];
      for (let round = 0; round < 5; round++) {
        const same = await Promise.all(views.map((view, n) => view.post(RUN, messageOf(`same ${round}`, `${n}`))));
        expect(same.filter((answer) => answer === 'accepted')).toHaveLength(1);
        expect(same.filter((answer) => answer === 'duplicate')).toHaveLength(views.length - 1);
        const each = await Promise.all(views.map((view, n) => view.post(RUN, messageOf(`${round} ${n}`))));
        expect(each.every((answer) => answer === 'accepted')).toBe(true);
      }
      const ids = await claimedIds(store, id);
      expect(ids).toHaveLength(5 * (views.length + 1));
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );

  it(
    'keeps those of a lost claim, and consumes none for who was fenced off',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      await store.post(RUN, messageOf('m'));
      const old = await claim();
      const fence = await claim(other, 3_000, { owner: 'two', leaseUntilMs: 4_000 });
      const next = makeSuspension(idOf('a run', 2));
      expect(await store.settle(id, old, makeOutcome('continued'), next, ['m'])).toEqual({ kind: 'fenced' });
      expect(await other.settle(id, fence, makeOutcome('continued'), next)).toEqual({ kind: 'recorded' });
      expect(await store.settle(id, old, makeOutcome('continued'), next, ['m'])).toMatchObject({ kind: 'settled' });
      expect(await claimedIds(other, next.id)).toEqual(['m']);
    }),
  );

  it(
    'says that a run has ended, or is not there',
    using(async ({ store, other, suspension, id, claim }) => {
      expect(await store.post(RUN, messageOf('m'))).toBe('unknown');
      for (const runId of ['', '..', '../key', `${RUN}/..`, `${RUN}.1`, `${RUN}\0`]) {
        expect(await store.post(runId, messageOf('m'))).toBe('unknown');
        expect(await store.current(runId)).toBeUndefined();
      }
      await store.put(suspension);
      await store.settle(id, await claim(), makeOutcome('completed'));
      for (const view of [store, other]) expect(await view.post(RUN, messageOf('m'))).toBe('ended');
      await store.sweep(20_000);
      expect(await other.post(RUN, messageOf('m'))).toBe('unknown');
    }),
  );

  it(
    'goes on with a run whose first generations were forgotten, and ends with it',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      await store.post(RUN, messageOf('m'));
      const second = makeSuspension(idOf('a run', 2), { expiresAtMs: 100_000 });
      await store.settle(id, await claim(), makeOutcome('continued'), second);
      expect((await other.sweep(20_000)).forgotten).toBe(1);
      expect((await other.current(RUN))?.id).toBe(second.id);
      expect(await other.post(RUN, messageOf('n'))).toBe('accepted');
      expect(await claimedIds(store, second.id)).toEqual(['m', 'n']);
      await store.settle(second.id, undefined, makeOutcome('cancelled'));
      expect((await other.sweep(20_000)).forgotten).toBe(1);
      expect(await store.current(RUN)).toBeUndefined();
      await store.put(suspension);
      expect(await claimedIds(other, id)).toEqual([]);
    }),
  );

  it(
    'is bounded, and has room again for what was consumed',
    using(async ({ store, other, suspension, id, claim }) => {
      await store.put(suspension);
      const most = 1_000;
      const ids = Array.from({ length: most }, (_, n) => `m${n}`);
      for (let from = 0; from < most; from += 50) {
        await Promise.all(ids.slice(from, from + 50).map((each) => store.post(RUN, messageOf(each))));
      }
      expect(await other.post(RUN, messageOf('one more'))).toBe('full');
      const next = makeSuspension(idOf('a run', 2));
      await store.settle(id, await claim(), makeOutcome('continued'), next, ids.slice(0, 10));
      expect(await other.post(RUN, messageOf('one more'))).toBe('accepted');
      expect(await claimedIds(store, next.id)).toHaveLength(most - 9);
    }),
    LONG_MS,
  );

  it(
    'refuses what is no message',
    using(async ({ store, suspension, id, claim }) => {
      await store.put(suspension);
      const wrong = [{ id: '' }, { id: 5 }, { id: 'a'.repeat(129) }, { content: 'text' }, { content: null }];
      for (const part of wrong) {
        const posted = store.post(RUN, { ...messageOf('m'), ...(part as object) });
        await expect(posted).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
      const fence = await claim();
      for (const consumed of ['m', [5], ['']]) {
        const settled = store.settle(id, fence, makeOutcome('completed'), undefined, consumed as string[]);
        await expect(settled).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
      expect((await store.read(id))?.state).toBe('resuming');
    }),
  );

  it(
    'the present generation is the last one, whoever asks',
    using(async ({ store, other, suspension, id }) => {
      expect(await store.current(RUN)).toBeUndefined();
      await store.put(suspension);
      for (let generation = 1; generation <= 5; generation++) {
        const current = idOf('a run', generation);
        expect(plain(await other.current(RUN))).toEqual(plain(await store.read(current)));
        const answer = await store.claim(current, LEASE, NOW);
        const next = makeSuspension(idOf('a run', generation + 1));
        const fence = answer.kind === 'claimed' ? answer.fence : 0;
        await store.settle(current, fence, makeOutcome('continued'), next);
      }
      await other.settle(idOf('a run', 6), undefined, makeOutcome('cancelled'));
      expect(await store.current(RUN)).toMatchObject({ id: idOf('a run', 6), state: 'cancelled' });
      expect((await store.read(id))?.state).toBe('continued');
    }),
  );

  it(
    'the present generation is never one that has gone on, also while runs go on',
    using(async ({ store, other, suspension }) => {
      await store.put(suspension);
      let isOver = false;
      const states = new Set<string | undefined>();
      const look = async () => {
        while (!isOver) {
          states.add((await other.current(RUN))?.state);
          await nextTurn();
        }
      };
      const looking = [look(), look()];
      for (let generation = 1; generation <= 25; generation++) {
        const current = idOf('a run', generation);
        const answer = await store.claim(current, LEASE, NOW);
        const fence = answer.kind === 'claimed' ? answer.fence : 0;
        const next = makeSuspension(idOf('a run', generation + 1));
        await store.settle(current, fence, makeOutcome('continued'), next);
        // A store in memory answers at once: others have a turn.
        await nextTurn();
      }
      isOver = true;
      await Promise.all(looking);
      for (const state of states) expect(['suspended', 'resuming'].includes(state ?? 'absent')).toBe(true);
    }),
  );

  it(
    'messages are accepted while a run goes on, and none of them is lost',
    using(async ({ store, other, suspension }) => {
      await store.put(suspension);
      const answers: string[] = [];
      let isOver = false;
      const post = async () => {
        for (let count = 0; !isOver; count++) {
          answers.push(await other.post(RUN, messageOf(`${count}`)));
          await nextTurn();
        }
      };
      const posting = post();
      const taken: string[] = [];
      const last = 25;
      for (let generation = 1; generation <= last; generation++) {
        const current = idOf('a run', generation);
        const answer = await store.claim(current, LEASE, NOW);
        if (answer.kind !== 'claimed') throw new Error(answer.kind);
        const ids = answer.messages.map(({ id }) => id);
        const next = makeSuspension(idOf('a run', generation + 1));
        await store.settle(current, answer.fence, makeOutcome('continued'), next, ids);
        for (const id of ids) taken.push(id);
        await nextTurn();
      }
      isOver = true;
      await posting;
      for (const id of await claimedIds(store, idOf('a run', last + 1))) taken.push(id);
      expect(new Set(answers)).toEqual(new Set(['accepted']));
      expect(taken).toEqual(answers.map((_, count) => `${count}`));
    }),
  );
};
