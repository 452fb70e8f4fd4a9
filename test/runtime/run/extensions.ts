import { type CallContext, currentCall } from '#src/index.js';

/** The call that an extension answers. */
export const call = () => currentCall() as CallContext;

/** Resolves when the signal fires, with its reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

/** Extensions in which `$ext.a.b()` never answers, and the reason that each of its calls received when it was aborted. */
export function hanging() {
  const told: Promise<unknown>[] = [];
  const extensions = {
    a: {
      b() {
        told.push(aborted(call().signal));
        return new Promise(() => {});
      },
    },
  };
  return { told, extensions };
}

export const messageOf = (error: unknown) => (error as Error).message;
