import { AsyncLocalStorage } from 'node:async_hooks';

import type { CallContext } from '../../api/extension.js';

const calls = new AsyncLocalStorage<CallContext>();

/**
 * Returns the extension call that is being answered, in the code of the extension and in code that it awaits.
 *
 * @returns undefined outside of the extensions of `run`
 */
export function currentCall(): CallContext | undefined {
  return calls.getStore();
}

/** Answers a call, which `currentCall` then returns. */
export function withCall<Args extends unknown[], T>(call: CallContext, answer: (...args: Args) => T, ...args: Args): T {
  return calls.run(call, answer, ...args);
}
