import { isDeepStrictEqual } from 'node:util';

import type { SuspensionStore } from '../../api/suspension-store.js';
import type { StoreHarness } from './framework.js';
import { fenceKey, Model, OWNERS, perform, randomOperation, type StoreOperation } from './model.js';

export interface ModelCheckOptions {
  /** Sequences of operations, each on an empty store. @default 1,000 */
  readonly sequences?: number;
  /** Whether owners act at the same time: then the answers must be those of some order. @default false */
  readonly concurrent?: boolean;
  /** For the same sequences as before. @default random; it is in the message of a failure */
  readonly seed?: number;
}

const MIN_LENGTH = 5;
const MAX_LENGTH = 40;
/** Between two operations, in milliseconds of the model. */
const MAX_STEP = 9;
const MAX_GROUPS = 6;
const MAX_TOGETHER = 4;
/** Attempts to leave out an operation of a failing sequence. */
const MAX_SHRINKS = 500;

/** Steps that are taken one after the other; those of a step at the same time. */
type Sequence = readonly (readonly StoreOperation[])[];

/**
 * Compares a store with a model of its contract: random sequences of operations by several owners, with small times, so that leases and
 * expiries cross each other.
 *
 * @param makeHarness called for each sequence; its store is empty
 * @throws Error with the shortest sequence that was found, and the seed, if the store answers otherwise than the model
 *
 * @example await checkStoreModel(() => new MyHarness(), { sequences: 10_000 });
 */
export async function checkStoreModel(
  makeHarness: () => StoreHarness,
  { sequences = 1_000, concurrent = false, seed = Math.floor(Math.random() * 2 ** 32) }: ModelCheckOptions = {},
): Promise<void> {
  const random = randomNumbers(seed);
  for (let count = 0; count < sequences; count++) {
    const sequence = randomSequence(random, concurrent);
    const fault = await faultOf(makeHarness, sequence);
    if (fault === undefined) continue;
    const [shortest, why] = await shrink(makeHarness, sequence, fault);
    const steps = shortest.map((step) => step.map((one) => JSON.stringify(one)).join('  and  ')).join('\n');
    throw new Error(`The store does not answer as the model does (seed ${seed}, sequence ${count}):\n${steps}\n${why}`);
  }
}

function randomSequence(random: (below: number) => number, concurrent: boolean): Sequence {
  let at = 10;
  const steps: StoreOperation[][] = [];
  const length = MIN_LENGTH + random(MAX_LENGTH - MIN_LENGTH + 1);
  for (let count = 0; count < length; count++) {
    at += random(MAX_STEP + 1);
    steps.push([randomOperation(random, at)]);
  }
  if (!concurrent) return steps;
  const groups = 1 + random(MAX_GROUPS);
  for (let count = 0; count < groups; count++) {
    at += MAX_STEP;
    const moment = at;
    const group = Array.from({ length: 2 + random(MAX_TOGETHER - 1) }, () => randomOperation(random, moment));
    // One thing at a time each, and none that looks at one suspension after the other.
    const byOwner = new Map(group.filter(isAtomic).map((operation) => [operation.owner, operation]));
    steps.push([...byOwner.values()]);
  }
  return steps;
}

function isAtomic({ does }: StoreOperation): boolean {
  return does !== 'sweep' && does !== 'list' && does !== 'due' && does !== 'erase';
}

/** What is wrong with the answers of a store; undefined if nothing is. */
async function faultOf(makeHarness: () => StoreHarness, sequence: Sequence): Promise<string | undefined> {
  const harness = makeHarness();
  const trial = new Trial(harness.open(OWNERS.length));
  let models = [new Model()];
  try {
    for (const step of sequence) {
      const answered = await Promise.all(
        step.map(async (operation) => ({ operation, answer: await trial.perform(operation) })),
      );
      const [one] = models;
      models = models.flatMap((model) => explanations(model, answered));
      if (models.length > 0) continue;
      const expected = step.length === 1 ? one?.perform(step[0] as StoreOperation) : 'the answers of some order';
      const actual = answered.map(({ answer }) => answer);
      return `the last step gave ${JSON.stringify(actual)}, and should give ${JSON.stringify(expected)}`;
    }
    return undefined;
  } finally {
    await harness.dispose();
  }
}

/** The same fault with fewer steps. */
async function shrink(makeHarness: () => StoreHarness, failing: Sequence, why: string): Promise<[Sequence, string]> {
  let shortest = failing;
  let reason = why;
  let attempts = 0;
  for (let index = shortest.length - 1; index >= 0 && attempts < MAX_SHRINKS; index--, attempts++) {
    const without = shortest.filter((_, other) => other !== index);
    const fault = await faultOf(makeHarness, without);
    if (fault === undefined) continue;
    shortest = without;
    reason = fault;
    index = Math.min(index, shortest.length);
  }
  return [shortest, reason];
}

/** Owners are processes: each has a view of its own. */
class Trial {
  readonly #views: ReadonlyMap<string, SuspensionStore>;
  readonly #fences = new Map<string, number>();

  constructor(views: readonly SuspensionStore[]) {
    this.#views = new Map(OWNERS.map((owner, index) => [owner, views[index] as SuspensionStore]));
  }

  async perform(operation: StoreOperation): Promise<unknown> {
    const view = this.#views.get(operation.owner) as SuspensionStore;
    const { answer, fence } = await perform(view, operation, this.#fences);
    if (fence !== undefined) this.#fences.set(fenceKey(operation), fence);
    return answer;
  }
}

/** Models after each order of the operations that gives these answers. */
function explanations(before: Model, answered: readonly { operation: StoreOperation; answer: unknown }[]): Model[] {
  const after: Model[] = [];
  for (const order of orders(answered)) {
    const model = before.clone();
    if (order.every(({ operation, answer }) => isDeepStrictEqual(model.perform(operation), answer))) after.push(model);
  }
  return after;
}

/** Every order in which these can be taken. */
function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of orders(items.filter((_, other) => other !== index))) yield [item, ...rest];
  }
}

/** mulberry32: small, and the same everywhere. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
