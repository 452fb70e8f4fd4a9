import { setMaxListeners } from 'node:events';

import { MAX_TIMER_MS } from '../config/limits.js';
import { clearTimeout, setTimeout } from './timers.js';

/**
 * What `begin` gives, or `'aborted'` as soon as the signal fires: what was begun then goes on for whoever else waits for it.
 */
export async function abortable<T>(begin: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | 'aborted'> {
  if (signal === undefined) return begin();
  if (signal.aborted) return 'aborted';
  let release = () => {};
  const aborted = new Promise<'aborted'>((resolve) => {
    release = whenAborted(signal, () => resolve('aborted'));
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    release();
  }
}

/**
 * Listens to a signal, if there is one. At once when it has fired.
 *
 * @returns what ends it: nothing of it is left on the signal, which may be one for many calls
 */
export function whenAborted(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) listener();
  // One signal for many calls is what signals are for.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Waits for a promise to settle, at most `timeoutMs`; Infinity for as long as it takes. */
export async function settleWithin(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    if (timeoutMs <= MAX_TIMER_MS) timer = setTimeout(resolve, timeoutMs);
  });
  try {
    await Promise.race([promise.catch(() => {}), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
