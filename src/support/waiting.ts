import { setMaxListeners } from 'node:events';

import { MAX_TIMER_MS } from '../config/limits.js';
import { clearTimeout, setTimeout } from './timers.js';

/**
 * The result of `begin`, or `'aborted'` as soon as the signal fires; the started work then continues for
 * other callers.
 */
export function abortable<T>(begin: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | 'aborted'> {
  return signal === undefined ? begin() : unlessAborted(begin, signal);
}

async function unlessAborted<T>(begin: () => Promise<T>, signal: AbortSignal): Promise<T | 'aborted'> {
  if (signal.aborted) return 'aborted';
  let release = () => {};
  const aborted = new Promise<'aborted'>((resolve) => {
    release = whenAborted(signal, () => resolve('aborted'));
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    release();
  }
}

const NOTHING = () => {};

/** All listeners of a signal, of which the signal itself has one. */
class SignalListeners {
  static readonly #all = new WeakMap<AbortSignal, SignalListeners>();
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<() => void>();

  static of(signal: AbortSignal): SignalListeners {
    return SignalListeners.#all.get(signal) ?? new SignalListeners(signal);
  }

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
    SignalListeners.#all.set(signal, this);
    // One signal may be used for many calls.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this, { once: true });
  }

  /** Called by the signal. */
  handleEvent(): void {
    for (const listener of this.#listeners) listener();
  }

  add(listener: () => void): void {
    this.#listeners.add(listener);
  }

  delete(listener: () => void): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    SignalListeners.#all.delete(this.#signal);
    this.#signal.removeEventListener('abort', this);
  }
}

/**
 * Calls back when a signal is aborted, if there is one; at once if it already is.
 *
 * perf: to add a listener to a signal takes as long as a small message, and a run does it for each of its waits.
 *
 * @returns a function that removes the listener, because one signal may be used for many calls
 */
export function whenAborted(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return NOTHING;
  if (signal.aborted) {
    listener();
    return NOTHING;
  }
  // Each is called for itself, even if the same one is passed twice.
  const own = () => listener();
  const listeners = SignalListeners.of(signal);
  listeners.add(own);
  return () => listeners.delete(own);
}

/**
 * A signal that fires with either of two, and with its reason. `release` removes the listeners: one of the two may live much longer.
 */
export function eitherSignal(
  one: AbortSignal | undefined,
  other: AbortSignal,
): { readonly signal: AbortSignal; readonly release: () => void } {
  if (one === undefined) return { signal: other, release: () => {} };
  const either = new AbortController();
  const releases = [one, other].map((source) => whenAborted(source, () => either.abort(source.reason)));
  return {
    signal: either.signal,
    release() {
      for (const release of releases) release();
    },
  };
}

/** Waits for a promise to settle, for at most `timeoutMs`, which may be Infinity. */
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

/** Calls `use` with a signal that fires with the caller's own, or when the time is over. */
async function withinDeadline<T>(
  deadlineMs: number,
  signal: AbortSignal | undefined,
  use: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, deadlineMs);
  const release = whenAborted(signal, stop);
  try {
    return await use(controller.signal);
  } finally {
    clearTimeout(timer);
    release();
  }
}

/** How long a call may wait. */
export interface CallBounds {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

/** {@link abortable}, by the signal of a call or when its time is over. */
export function abortableWithin<T>(
  begin: () => Promise<T>,
  { signal, deadlineMs }: CallBounds,
): Promise<T | 'aborted'> {
  if (deadlineMs === undefined || deadlineMs > MAX_TIMER_MS) return abortable(begin, signal);
  return withinDeadline(deadlineMs, signal, (either) => abortable(begin, either));
}
