import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { SuspensionStore } from '#src/api/suspension-store.js';
import { fenceKey, Model, type Operation, OWNERS, operations, perform } from './model.js';
import { HARNESSES } from './store-helpers.js';

const TIMES = fc.integer({ min: 0, max: 9 });
/** Advances the clock by a small or a large step. */
const steps = fc.array(fc.tuple(operations(fc.constant(0)), TIMES), { minLength: 5, maxLength: 40 });

function inTime(given: readonly (readonly [Operation, number])[]): Operation[] {
  let at = 10;
  return given.map(([operation, step]) => {
    at += step;
    return { ...operation, at };
  });
}

/** Every order in which these can be taken. */
function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of orders(items.filter((_, other) => other !== index))) yield [item, ...rest];
  }
}

/** Owners are processes: each has a view of its own. */
class Trial {
  readonly #views: ReadonlyMap<string, SuspensionStore>;
  readonly #fences = new Map<string, number>();

  constructor(views: SuspensionStore[]) {
    this.#views = new Map(OWNERS.map((owner, index) => [owner, views[index] as SuspensionStore]));
  }

  async perform(operation: Operation): Promise<unknown> {
    const { answer, fence } = await perform(
      this.#views.get(operation.owner) as SuspensionStore,
      operation,
      this.#fences,
    );
    if (fence !== undefined) this.#fences.set(fenceKey(operation), fence);
    return answer;
  }
}

describe.each(HARNESSES)('%s', (title, makeHarness) => {
  const isFast = title === 'the memory store';

  it('answers as the model does, whatever several owners do one after the other', async () => {
    const property = fc.asyncProperty(steps, async (given) => {
      const harness = makeHarness();
      const trial = new Trial(harness.open(OWNERS.length));
      const model = new Model();
      try {
        for (const operation of inTime(given)) {
          expect(await trial.perform(operation), JSON.stringify(operation)).toEqual(model.perform(operation));
        }
      } finally {
        await harness.dispose();
      }
    });
    await fc.assert(property, { numRuns: isFast ? 1_000 : 60 });
  }, 120_000);

  it('answers owners at the same time as if they had come in some order', async () => {
    const together = fc.array(operations(fc.constant(0)), { minLength: 2, maxLength: 4 });
    const property = fc.asyncProperty(
      steps,
      fc.array(together, { minLength: 1, maxLength: 6 }),
      async (given, groups) => {
        const harness = makeHarness();
        const trial = new Trial(harness.open(OWNERS.length));
        let models = [new Model()];
        let at = 10;
        try {
          for (const operation of inTime(given)) {
            at = operation.at;
            expect(await trial.perform(operation)).toEqual(models[0]?.perform(operation));
          }
          for (const group of groups) {
            at += 5;
            // One thing at a time each, and no sweep or list: those look at one after the other.
            const done = new Map(group.filter(isOne).map((operation) => [operation.owner, { ...operation, at }]));
            const answered = await Promise.all(
              [...done.values()].map(async (operation) => ({ operation, answer: await trial.perform(operation) })),
            );
            models = models.flatMap((model) => explanations(model, answered));
            expect(models.length, JSON.stringify(answered)).toBeGreaterThan(0);
          }
        } finally {
          await harness.dispose();
        }
      },
    );
    await fc.assert(property, { numRuns: isFast ? 300 : 60 });
  }, 120_000);
});

function isOne({ does }: Operation): boolean {
  return does !== 'sweep' && does !== 'list';
}

/** Models after each order of the operations that gives these answers. */
function explanations(before: Model, answered: readonly { operation: Operation; answer: unknown }[]): Model[] {
  const after: Model[] = [];
  for (const order of orders(answered)) {
    const model = before.clone();
    const isExplained = order.every(({ operation, answer }) => isEqual(model.perform(operation), answer));
    if (isExplained) after.push(model);
  }
  return after;
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** With keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
