import type { StoredImages } from '../../api/suspension-store.js';
import type { StoreFixture, StoreSection } from './framework.js';
import { NOW } from './samples.js';

/** The base images of a store that keeps any; a store without passes. */
export const describeImages: StoreSection = ({ it, expect }, using) => {
  const withImages = (test: (mine: StoredImages, theirs: StoredImages, fixture: StoreFixture) => Promise<void>) =>
    using(async (fixture) => {
      const { images: mine } = fixture.store;
      const { images: theirs } = fixture.other;
      expect(mine === undefined).toBe(theirs === undefined);
      if (mine !== undefined && theirs !== undefined) await test(mine, theirs, fixture);
    });

  it(
    'gives an image back whole, to everybody, and lists it',
    withImages(async (mine, theirs) => {
      expect(await mine.get('image')).toBeUndefined();
      expect(await mine.list()).toEqual([]);
      const contents: readonly (readonly [string, Uint8Array])[] = [
        ['B_-9', Buffer.alloc(0)],
        ['a'.repeat(64), Buffer.alloc(3_000_000, 'content')],
        ['image', Buffer.from([0, 255, 128, 10, 13])],
      ];
      for (const [id, content] of contents) await mine.put(id, content, NOW);
      for (const [id, content] of contents) {
        for (const view of [mine, theirs]) {
          expect(Buffer.compare((await view.get(id)) ?? Buffer.from('none'), content)).toBe(0);
        }
      }
      const listed = contents.map(([id, { length }]) => ({ id, bytes: length, putAtMs: NOW }));
      expect((await theirs.list()).map(({ id, bytes, putAtMs }) => ({ id, bytes, putAtMs }))).toEqual(listed);
    }),
  );

  it(
    'replaces an image that is put again, and notes when',
    withImages(async (mine, theirs) => {
      await mine.put('image', Buffer.from('first'), NOW);
      await theirs.put('image', Buffer.from('the second'), NOW + 5);
      expect(Buffer.from((await mine.get('image')) ?? []).toString()).toBe('the second');
      expect(await mine.list()).toMatchObject([{ id: 'image', bytes: 10, putAtMs: NOW + 5 }]);
    }),
  );

  it(
    'deletes an image that was not put again, and no other',
    withImages(async (mine, theirs) => {
      for (const id of ['image', 'other']) await mine.put(id, Buffer.from('content'), NOW);
      await theirs.put('image', Buffer.from('content'), NOW + 1);
      expect(await mine.delete('image', NOW)).toBe(false);
      expect(Buffer.from((await mine.get('image')) ?? []).toString()).toBe('content');
      expect(await mine.delete('image', NOW + 1)).toBe(true);
      expect(await theirs.get('image')).toBeUndefined();
      expect(await mine.delete('image', NOW + 1)).toBe(false);
      expect(await mine.list()).toMatchObject([{ id: 'other' }]);
      await mine.put('image', Buffer.from('anew'), NOW + 2);
      expect(Buffer.from((await theirs.get('image')) ?? []).toString()).toBe('anew');
    }),
  );

  it(
    'never deletes what is put at the same moment',
    withImages(async (mine, theirs) => {
      for (let round = 0; round < 20; round++) {
        await mine.put('image', Buffer.from('before'), NOW);
        await Promise.all([mine.delete('image', NOW), theirs.put('image', Buffer.from('after'), NOW + 1)]);
        expect(Buffer.from((await mine.get('image')) ?? []).toString()).toBe('after');
      }
    }),
  );

  it(
    'refuses an id that is none, and content that is too large or no bytes',
    withImages(async (mine) => {
      for (const id of ['', '..', '../key', 'a/b', 'a'.repeat(65), 'é', 'a\0']) {
        const put = mine.put(id, Buffer.from('content'), NOW);
        await expect(put).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect(await mine.get(id)).toBeUndefined();
        expect(await mine.delete(id, NOW)).toBe(false);
      }
      for (const content of ['text', Buffer.alloc(16 * 1024 * 1024 + 1)]) {
        const put = mine.put('image', content as Uint8Array, NOW);
        await expect(put).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
      await expect(mine.put('image', Buffer.from('x'), -1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await mine.list()).toEqual([]);
    }),
  );

  it(
    'has nothing to do with the suspensions beside it',
    withImages(async (mine, _theirs, { store, suspension, id }) => {
      await store.put(suspension);
      await mine.put('image', Buffer.from('content'), NOW);
      expect((await store.list({ limit: 10 })).suspensions).toHaveLength(1);
      await store.sweep(20_000);
      expect((await store.read(id))?.state).toBe('expired');
      expect(await mine.list()).toHaveLength(1);
    }),
  );

  it(
    'refuses everything once the store is closed',
    withImages(async (mine, _theirs, { store }) => {
      await store.close();
      for (const late of [mine.get('image'), mine.list(), mine.put('image', Buffer.from('x'), NOW)]) {
        await expect(late).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' });
      }
    }),
  );
};
