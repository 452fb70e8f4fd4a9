import type { CallContext } from 'nexus-runtime';

/** What an extension finds as `this`. */
export interface Self {
  readonly call: CallContext;
}

/** Resolves when the signal fires, with its reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

export const messageOf = (error: unknown) => (error as Error).message;
