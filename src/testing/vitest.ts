/**
 * Matchers for vitest: to be imported once, for what it does.
 *
 * @module nexus-runtime/testing/vitest
 */
import { expect } from 'vitest';

import { matchers } from './matchers.js';

/** What `expect` of vitest knows of results, from the import of `nexus-runtime/testing/vitest` on. */
export interface HandlerMatchers<R = unknown> {
  /**
   * The handler set or deleted this key of its state; with a value, it set it to an equal one at some time. What the key is in the end is
   * in `result.state`.
   */
  toHaveMutated(key: string, value?: unknown): R;
  /** The handler emitted an event of this name; with a payload, one with an equal payload. */
  toHaveEmitted(name: string, payload?: unknown): R;
  /** The handler called this method, `'http.get'`; with arguments, once with equal arguments. */
  toHaveCalled(method: string, ...args: unknown[]): R;
  /** The handler ended because this capability was denied, or any. */
  toBeDeniedCapability(capability?: string): R;
  /** The handler ended because its time was over. */
  toTimeOut(): R;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the declaration that it is merged with has it
  interface Matchers<T = any> extends HandlerMatchers<T> {}
}

expect.extend(matchers);
