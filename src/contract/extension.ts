/**
 * Which extensions there are: method names by extension, or objects whose functions are the methods. A handler that calls
 * another one gets a TypeError at that line.
 */
export type ExtensionRegistry = Readonly<Record<string, readonly string[] | object>>;

/** What an extension's method finds as `this.call`, beside its extension. */
export interface CallContext {
  /** `runId:callId`: the same whenever this call is made again, and of no other. */
  readonly key: string;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Methods that a handler may call, own ones or those of its class; each returns the answer or a promise of it. */
export type Extension = object;
