/**
 * Which extensions there are: method names by extension, or objects whose functions are the methods. A handler that calls
 * another one gets a TypeError at that line. Names of extensions have no dots: `ext:http` would grant `http.admin` as well.
 */
export type ExtensionRegistry = Readonly<Record<string, readonly string[] | object>>;

/** What `currentCall()` tells an extension's method of the call that it answers. */
export interface CallContext {
  /** `runId:callId`: the same whenever this call is made again, and of no other. */
  readonly key: string;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * An object or an instance of a class. Its functions, those of its class included, are methods that a handler may call: each
 * finds it as `this` and returns the answer or a promise of it.
 */
export type Extension = object;
