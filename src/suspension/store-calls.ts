import type { SettleAnswer, StoredSuspension, SuspensionOutcome, SuspensionStore } from '../api/suspension-store.js';
import { NexusError } from '../errors/nexus-error.js';
import { setTimeout } from '../support/timers.js';
import { abortable } from '../support/waiting.js';
import { storeFault } from './suspension-results.js';

/** The pauses before something is asked again of a store that failed, while a caller waits for it. */
export const STORE_PAUSES_MS = [100, 400];

/** How soon a caller that waits for another process checks whether that is done: less and less often. */
const FIRST_POLL_MS = 50;
const LAST_POLL_MS = 1_000;

/** The pauses between two looks at what another process does. */
export class PollPauses {
  #nextMs = FIRST_POLL_MS;

  /** @param atMostMs after which it is certainly done */
  next(atMostMs = LAST_POLL_MS): number {
    const pauseMs = Math.max(1, Math.min(this.#nextMs, atMostMs));
    this.#nextMs = Math.min(LAST_POLL_MS, 1.5 * this.#nextMs);
    return pauseMs;
  }
}

/** Converts errors of a store, including synchronous ones, to ours. */
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
 * Settles a suspension, with retries, so that a temporary failure of the store does not lose the outcome.
 *
 * @throws NexusError INTERNAL_ERROR, and the converted errors of the store
 */
export async function offer(
  store: SuspensionStore,
  id: string,
  fence: number,
  outcome: SuspensionOutcome,
  next: StoredSuspension | undefined,
  consumed: readonly string[] = [],
): Promise<SettleAnswer> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await ask(() => store.settle(id, fence, outcome, next, consumed));
      // The answer of a previous attempt was lost: one of ours, or one of the store's client, which repeats a command by itself.
      const isOurs = answer.kind === 'settled' && isSame(answer.outcome, outcome);
      return isOurs ? { kind: 'recorded' } : answer;
    } catch (error) {
      const pauseMs = STORE_PAUSES_MS[attempt];
      if (pauseMs === undefined || isLasting(error)) throw error;
      await sleep(pauseMs);
    }
  }
}

/** A store that was closed, or a damaged record: it is the same each time. @param error of {@link ask} */
export function isLasting(error: unknown): boolean {
  return error instanceof NexusError && error.code !== 'INTERNAL_ERROR';
}

function isSame(one: SuspensionOutcome, other: SuspensionOutcome): boolean {
  return one.settledAtMs === other.settledAtMs && Buffer.compare(one.content, other.content) === 0;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
