/**
 * Registers the matchers with vitest; import it once for its side effect.
 *
 * @module nexus-runtime/testing/vitest
 */
import { expect } from 'vitest';

import { matchers } from './matchers.js';

/** The matchers that the import of `nexus-runtime/testing/vitest` adds to vitest's `expect`. */
export interface HandlerMatchers<R = unknown> {
  /**
   * The handler set or deleted this key of its state; with a value, it set it to an equal value at some
   * point. The final state is in `result.state`.
   */
  toHaveMutated(key: string, value?: unknown): R;
  /** The handler emitted an event of this name; with a payload, one with an equal payload. */
  toHaveEmitted(name: string, payload?: unknown): R;
  /** The handler called this method (`'http.get'`); with arguments, at least once with equal arguments. */
  toHaveCalled(method: string, ...args: unknown[]): R;
  /** The handler ended because this capability, or any capability, was denied. */
  toBeDeniedCapability(capability?: string): R;
  /** The handler succeeded. A failure shows its own message and the lines around the place. */
  toSucceed(): R;
  /** The handler timed out. */
  toTimeOut(): R;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the declaration that it is merged with has it
  interface Matchers<T = any> extends HandlerMatchers<T> {}
}

expect.extend(matchers);
