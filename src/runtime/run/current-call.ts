import { AsyncLocalStorage } from 'node:async_hooks';

import type { CallContext } from '../../api/extension.js';

const calls = new AsyncLocalStorage<CallContext>();

/**
 * The call of an extension that is being answered, for the extension's own code and what it awaits.
 *
 * @returns undefined outside of the extensions of `run`
 */
export function currentCall(): CallContext | undefined {
  return calls.getStore();
}

/** Answers a call. */
export function withCall<T>(call: CallContext, answer: () => T): T {
  return calls.run(call, answer);
}
