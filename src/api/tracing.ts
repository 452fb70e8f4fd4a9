/** Facts about a part of a call, under the names that tracing systems expect. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean>>;

/** What has to be kept with a suspended handler so that it goes on in the same trace, in whichever process. */
export type TraceCarrier = Readonly<Record<string, string>>;

/** Parts of a call: compiling, or finding it compiled; waiting for a worker; in the VM; keeping a handler that waits. */
export type TracePhase = 'compile' | 'queue' | 'execute' | 'suspend';

/** `executeHandler` and `executeCompiledHandler`, `resumeHandler`, `run`. */
export type TracedCallName = 'execute' | 'resume' | 'run';

/** The trace of one call. */
export interface CallTrace {
  /** A part that is over; times in milliseconds since the epoch. */
  phase(name: TracePhase, startMs: number, endMs: number, attributes: TraceAttributes): void;
  /** Whoever goes on with the handler continues from here. */
  carrier(): TraceCarrier;
  /**
   * @param endMs milliseconds since the epoch
   * @param error what the call ended with, if it did
   */
  end(endMs: number, attributes: TraceAttributes, error?: { readonly code: string; readonly message: string }): void;
}

/** Where traces of calls go: `openTelemetry()` of `nexus-runtime/otel` makes one. */
export interface Tracing {
  /**
   * A call begins.
   *
   * @param name `'resume'` goes on from a `carrier`, if its handler was suspended with one
   * @param startMs milliseconds since the epoch, on the clock of the other times: that of the process's start, and not set since
   */
  begin(name: TracedCallName, startMs: number, attributes: TraceAttributes, carrier?: TraceCarrier): CallTrace;
}
