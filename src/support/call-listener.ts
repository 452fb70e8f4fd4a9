import { renderReason } from './render-reason.js';

/**
 * Calls a function of the application that must not affect a handler: what it throws, or rejects with later,
 * is passed to `onError` and goes no further.
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

/** Issues a Node warning, which goes to stderr and to `process.on('warning')`. */
export function warnOfIgnored(what: string, error: unknown): void {
  process.emitWarning(`${what} threw, which is ignored: ${renderReason(error)}`, {
    type: 'NexusWarning',
    code: 'NEXUS_OBSERVER',
  });
}
