import type { AbortSignal } from './abort/abort-signal.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a feature is given by the prelude; see `prelude/web-globals.ts`. */
export interface FeatureHost {
  /** Defines `value` under the reserved name or path, unless a library has replaced it. */
  define(name: string, value: unknown): void;
  /** What inherits from the prototype cannot leave the VM; its class extends `Opaque`. `remedy` ends the error. */
  refuse(prototype: object, what: string, remedy?: string): void;
  /** A line of log, under the limits of the execution. */
  log(level: LogLevel, text: string): void;
  /** For these see `prelude/own-calls/timer-calls.ts`. */
  setTimer(name: string, delayMs: number, ring: () => void, fail?: (error: unknown) => void, isWeak?: boolean): string;
  clearTimer(callId: string): void;
  /** For these see `prelude/own-calls/net-calls.ts`. */
  beginRequest(
    name: string,
    request: object,
    resolve: (answer: unknown) => void,
    reject: (error: unknown) => void,
  ): string;
  withdrawRequest(callId: string): void;
  /** For these see `prelude/own-calls/signal-calls.ts`. */
  beginSignal(name: unknown, resolve: (payload: unknown) => void, reject: (error: unknown) => void): string;
  withdrawSignal(callId: string): void;
  /** Written by the host before every execution, see `crypto.ts`. */
  readonly entropy: Uint8Array;
  /** Where a part of this feature is another feature: ends the attempt, and the handler runs again in an image with all of them. */
  missFeature(): never;
  /** Set by the feature `crypto`: fills bytes from its generator. */
  randomBytes?(target: Uint8Array): void;
  /** Set by the feature `subtle`. */
  cryptography?: Cryptography;
  /** Set by the feature `dom-exception`, which features that throw one depend on. */
  DOMException?: DOMExceptionConstructor;
  /** Set by the feature `url`. */
  urls?: { readonly URL: new (url: string) => object; readonly URLSearchParams: new (init?: unknown) => object };
  /** Set by the feature `abort`. */
  aborting?: Aborting;
}

/** What the feature `crypto` has of `subtle`. */
export interface Cryptography {
  readonly subtle: object;
  timingSafeEqual(a: unknown, b: unknown): boolean;
}

/** What the feature `fetch` needs of AbortSignal. */
export interface Aborting {
  readonly AbortSignal: typeof AbortSignal;
  /** A signal that is aborted when the first of these is. */
  follow(sources: readonly AbortSignal[]): AbortSignal;
}

export type DOMExceptionConstructor = new (message: string, name: string) => Error;

/** The class of the feature that was evaluated before: the host keeps this order. */
export function exceptionsOf(host: FeatureHost): DOMExceptionConstructor {
  const { DOMException } = host;
  if (DOMException === undefined) throw new TypeError('the feature dom-exception comes first');
  return DOMException;
}

/** Members of an interface are enumerable; those of a class are not. */
export function asInterface<T extends { readonly prototype: object }>(type: T): T {
  for (const target of [type, type.prototype]) {
    for (const key of Object.getOwnPropertyNames(target)) {
      const descriptor = Object.getOwnPropertyDescriptor(target, key);
      const isMember = typeof descriptor?.value === 'function' || descriptor?.get !== undefined;
      if (isMember && key !== 'constructor') Object.defineProperty(target, key, { enumerable: true });
    }
  }
  return type;
}
