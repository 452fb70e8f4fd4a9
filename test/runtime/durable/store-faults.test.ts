import { describe, expect, it } from 'vitest';

import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { ALL, all, useRuntimes } from './run-helpers.js';

const { open } = useRuntimes();

describe('runs', () => {
  it('that have ended are not begun anew by a start that was stopped before it stored them', async () => {
    const suspensionStore = new MemoryStore();
    const runtime = await open({ suspensionStore });
    let made = 0;
    await runtime.work({ extensions: { s: { n: async () => ++made } } });
    const start = () => runtime.start('await $ext.s.n(); return await $ext.s.n()', ALL, { runId: 'stopped' });
    const put = suspensionStore.put.bind(suspensionStore);
    suspensionStore.put = async (suspension) => {
      // It has looked for the run. Now others start it, it ends, and only its end is still kept.
      suspensionStore.put = put;
      expect((await (await start()).result()).returnValue).toBe(2);
      const { suspensions } = await suspensionStore.list({ states: ['continued'], limit: 10 });
      await suspensionStore.forget(suspensions.map(({ id }) => id));
      return put(suspension);
    };
    expect((await (await start()).result()).returnValue).toBe(2);
    expect(made).toBe(2);
    expect(await all(runtime.listRuns())).toMatchObject([{ runId: 'stopped', state: 'ended' }]);
  });
});
