import { setMaxListeners } from 'node:events';

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
