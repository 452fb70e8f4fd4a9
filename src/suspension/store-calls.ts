import type { SettleAnswer, StoredSuspension, SuspensionOutcome, SuspensionStore } from '../api/suspension-store.js';
import { NexusError } from '../errors/nexus-error.js';
import { setTimeout } from '../support/timers.js';
import { abortable } from '../support/waiting.js';
import { storeFault } from './suspension-results.js';

/** Before an outcome is offered again to a store that failed. After the last one it is given up. */
const SETTLE_PAUSES_MS = [100, 400];

/** What a store throws, also at once, as an error of ours. */
export async function ask<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw storeFault(error);
  }
}

/** Every handler that suspends waits for the key. A store that gives none in this time counts as failed. */
const KEY_TIMEOUT_MS = 30_000;

/**
 * The key that a store keeps.
 *
 * @throws NexusError INTERNAL_ERROR when the store fails, or does not answer within `timeoutMs`
 */
export async function askKey(store: SuspensionStore, timeoutMs = KEY_TIMEOUT_MS): Promise<Uint8Array> {
  const answer = await abortable(() => ask(() => store.key()), AbortSignal.timeout(timeoutMs));
  if (answer !== 'aborted') return answer;
  const message = `The store of suspended handlers failed: key() did not answer within ${timeoutMs} ms.`;
  throw new NexusError('INTERNAL_ERROR', message);
}

/**
 * Settles a suspension. A store that fails for a moment does not cost what the handler did.
 *
 * @throws NexusError INTERNAL_ERROR, and what the store throws in our own words
 */
export async function offer(
  store: SuspensionStore,
  id: string,
  fence: number,
  outcome: SuspensionOutcome,
  next: StoredSuspension | undefined,
): Promise<SettleAnswer> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await ask(() => store.settle(id, fence, outcome, next));
      // It was recorded at an attempt before, whose answer was lost.
      const isOurs = attempt > 0 && answer.kind === 'settled' && isSame(answer.outcome, outcome);
      return isOurs ? { kind: 'recorded' } : answer;
    } catch (error) {
      const pauseMs = SETTLE_PAUSES_MS[attempt];
      const isLasting = error instanceof NexusError && error.code !== 'INTERNAL_ERROR';
      if (pauseMs === undefined || isLasting) throw error;
      await sleep(pauseMs);
    }
  }
}

function isSame(one: SuspensionOutcome, other: SuspensionOutcome): boolean {
  return one.settledAtMs === other.settledAtMs && Buffer.compare(one.content, other.content) === 0;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
