import { renderReason } from './render-reason.js';

/**
 * Calls what the application gave us, which must not harm a handler: what it throws, or rejects with later, is told to `onError` and
 * goes no further.
 */
export function callListener<T>(use: () => T, onError: (error: unknown) => void): T | undefined {
  try {
    const returned = use();
    if (returned instanceof Promise) returned.catch(onError);
    return returned;
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/** On stderr, and to whoever listens to `process.on('warning')`. */
export function warnOfIgnored(what: string, error: unknown): void {
  process.emitWarning(`${what} threw, which is ignored: ${renderReason(error)}`, {
    type: 'NexusWarning',
    code: 'NEXUS_OBSERVER',
  });
}
