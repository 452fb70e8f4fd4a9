import type { StoreSection } from './framework.js';
import { NOW } from './samples.js';

/** The end of a store. */
export const describeClosing: StoreSection = ({ it, expect }, using) => {
  it(
    'waits for what is under way, and refuses what comes later',
    using(async ({ store, suspension, id }) => {
      const put = store.put(suspension);
      await store.close();
      await put;
      for (const late of [store.read(id), store.put(suspension), store.sweep(NOW), store.key()]) {
        await expect(late).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' });
      }
      await store.close();
    }),
  );
};
