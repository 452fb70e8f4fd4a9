import { setMaxListeners } from 'node:events';

import { MAX_TIMER_MS } from '../config/limits.js';

/**
 * What `begin` gives, or `'aborted'` as soon as the signal fires: what was begun then goes on for whoever else waits for it.
 */
export async function abortable<T>(begin: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | 'aborted'> {
  if (signal === undefined) return begin();
  if (signal.aborted) return 'aborted';
  // One signal for many calls is what signals are for.
  setMaxListeners(0, signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    onAbort = () => resolve('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
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
