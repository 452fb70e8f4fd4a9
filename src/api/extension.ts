/**
 * The existing extensions: method names by extension, or objects whose functions are the methods. A handler
 * that calls any other method gets a TypeError at that line. Names of extensions contain no dots, because
 * `ext:http` would also grant `http.admin`.
 */
export type ExtensionRegistry = Readonly<Record<string, readonly string[] | object>>;

/** The call that an extension's method answers, as `currentCall()` returns it. */
export interface CallContext {
  /** `runId:callId`: the same each time this call is made, and different from all other calls. */
  readonly key: string;
  /** Aborted when the answer is no longer needed. */
  readonly signal: AbortSignal;
}

/**
 * An object or an instance of a class. A handler may call its functions, including those of its class. Each
 * is called with the extension as `this` and returns the answer, or a promise of it.
 */
export type Extension = object;
