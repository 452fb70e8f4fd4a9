import { afterEach, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type SuspensionStore } from '#src/index.js';

import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { ANYTHING, answer, suspensionOf } from './resume-helpers.js';

type Settled = Extract<Awaited<ReturnType<SuspensionStore['claim']>>, { kind: 'settled' }>;

/** A store whose records were edited. */
class EditedStore extends MemoryStore {
  edit: (settled: Settled) => Settled = (settled) => settled;

  override async claim(...given: Parameters<SuspensionStore['claim']>) {
    const claimed = await super.claim(...given);
    return claimed.kind === 'settled' ? this.edit(claimed) : claimed;
  }
}

const SECRET = 'a secret of more than sixteen bytes';
let runtime: NexusRuntime;

afterEach(() => runtime.shutdown());

async function resumedOnce(suspensionSecret?: string) {
  const store = new EditedStore();
  const secret = suspensionSecret === undefined ? {} : { suspensionSecret };
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, suspensionStore: store, ...secret });
  const waiting = await runtime.executeHandler(
    'const v = await $ext.a.b(); $emit("done", "a marker"); return v',
    ANYTHING,
  );
  const { suspensionId } = suspensionOf(waiting);
  await runtime.resumeHandler(suspensionId, answer(7));
  return { store, suspensionId };
}

const withContent = (settled: Settled, content: Uint8Array): Settled => ({
  ...settled,
  outcome: { ...settled.outcome, content },
});

describe('a recorded outcome', () => {
  it('is given again as it was', async () => {
    const { suspensionId } = await resumedOnce();
    expect(await runtime.resumeHandler(suspensionId, answer(8))).toMatchObject({
      status: 'success',
      returnValue: 7,
      events: [{ name: 'done', payload: 'a marker' }],
    });
  });

  it('a recorded outcome that was edited, cut, replaced or given another state is refused', async () => {
    const { store, suspensionId } = await resumedOnce();
    const edits: ((settled: Settled) => Settled)[] = [
      (settled) =>
        withContent(
          settled,
          settled.outcome.content.map((byte, i) => (i === 80 ? byte ^ 1 : byte)),
        ),
      (settled) => withContent(settled, settled.outcome.content.subarray(0, -1)),
      (settled) => withContent(settled, new Uint8Array(0)),
      (settled) => ({ ...settled, outcome: { ...settled.outcome, state: 'failed' } }),
    ];
    for (const edit of edits) {
      store.edit = edit;
      await expect(runtime.resumeHandler(suspensionId, answer(8))).rejects.toMatchObject({
        code: 'SUSPENSION_INCOMPATIBLE',
      });
    }
    store.edit = (settled) => settled;
    expect((await runtime.resumeHandler(suspensionId, answer(8))).returnValue).toBe(7);
  });

  it.each([
    ['can be read in the store without a secret', undefined, true],
    ['cannot be read there with one', SECRET, false],
  ])('%s', async (_title, secret, isReadable) => {
    const { store, suspensionId } = await resumedOnce(secret);
    const content = (await store.read(suspensionId))?.outcome?.content ?? new Uint8Array(0);
    expect(content.length).toBeGreaterThan(0);
    expect(Buffer.from(content).includes('a marker')).toBe(isReadable);
  });
});
