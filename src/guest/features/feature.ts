export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a feature is given by the prelude; see `prelude/web-globals.ts`. */
export interface FeatureHost {
  /** Puts `value` where the prelude reserved the name or path; leaves alone what a library put there first. */
  define(name: string, value: unknown): void;
  /** A line of log, under the limits of the execution. */
  log(level: LogLevel, text: string): void;
  /** Written by the host before every execution, see `crypto.ts`. */
  readonly entropy: Uint8Array;
  /** Set by the feature `dom-exception`, on which those that throw one build. */
  DOMException?: DOMExceptionConstructor;
}

export type DOMExceptionConstructor = new (message: string, name: string) => Error;

/** The feature on which others build was evaluated before them: the host orders them. */
export function exceptionsOf(host: FeatureHost): DOMExceptionConstructor {
  const { DOMException } = host;
  if (DOMException === undefined) throw new TypeError('the feature dom-exception comes first');
  return DOMException;
}

/** Members of an interface are enumerable, those of a class are not. */
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
