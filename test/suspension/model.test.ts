import { describe, expect, it } from 'vitest';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { checkStoreModel } from '#src/testing/store/index.js';
import { HARNESSES } from './store-helpers.js';

/** For the long form: `NEXUS_MODEL_SEQUENCES=10000`. */
const LONG = Number(process.env['NEXUS_MODEL_SEQUENCES'] ?? 0);

describe.each(HARNESSES)('%s', (title, makeHarness) => {
  const isFast = title === 'the memory store';

  it('answers as the model does, whatever several owners do one after the other', async () => {
    await checkStoreModel(makeHarness, { sequences: LONG || (isFast ? 1_000 : 60) });
  }, 3_600_000);

  it('answers owners at the same time as if they had come in some order', async () => {
    await checkStoreModel(makeHarness, { sequences: LONG || (isFast ? 300 : 60), concurrent: true });
  }, 3_600_000);
});

describe('the model', () => {
  /** Gives out a suspension again before its lease has lapsed. */
  class HastyStore extends MemoryStore {
    override claim(id: string, lease: { owner: string; leaseUntilMs: number }, nowMs: number) {
      return super.claim(id, lease, nowMs + 1);
    }
  }

  it.each([
    false,
    true,
  ])('finds a store that is wrong, with a short sequence (at the same time: %s)', async (concurrent) => {
    const store = () => new HastyStore();
    const checked = checkStoreModel(
      () => {
        const one = store();
        return { open: (views) => Array.from({ length: views }, () => one), dispose: () => one.close() };
      },
      { sequences: 1_000, concurrent, seed: 1 },
    );
    const error = (await checked.catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toMatch(/^The store does not answer as the model does \(seed 1, sequence \d+\)/);
    expect(error.message.split('\n').length).toBeLessThan(12);
  });
});
