import { describe, expect, it } from 'vitest';

import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { idOf, makeOutcome, makeSuspension } from './store-helpers.js';

describe('the memory store', () => {
  it('forgets outcomes when it is asked to, and nothing that waits', async () => {
    const store = new MemoryStore();
    const [settled, waiting] = [idOf('settled'), idOf('waiting')];
    for (const id of [settled, waiting]) await store.put(makeSuspension(id));
    await store.settle(settled, undefined, makeOutcome('cancelled'));
    await store.forget([settled, waiting, idOf('unknown')]);
    expect(await store.read(settled)).toBeUndefined();
    expect((await store.read(waiting))?.state).toBe('suspended');
  });

  it('lists thousands in pages, each once and in order', async () => {
    const store = new MemoryStore();
    const ids = Array.from({ length: 5_000 }, (_, i) => idOf(`run ${i}`));
    for (const id of ids) await store.put(makeSuspension(id));
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.list({ limit: 300, ...(after !== undefined && { after }) });
      found.push(...page.suspensions.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(found).toEqual(ids.sort());
  });
});
