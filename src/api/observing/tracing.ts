/** Facts about a part of a call, under the names that tracing systems expect. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean>>;

/** The data that is stored with a suspended handler so that it continues the same trace in any process. */
export type TraceCarrier = Readonly<Record<string, string>>;

/**
 * The parts of a call: compiling, or finding the compiled handler; waiting for a worker; executing in the VM;
 * storing a suspended handler.
 */
export type TracePhase = 'compile' | 'queue' | 'execute' | 'suspend';

/** `executeHandler` and `executeCompiledHandler`, `resumeHandler`, `run`. */
export type TracedCallName = 'execute' | 'resume' | 'run';

/** The trace of one call. */
export interface CallTrace {
  /** Reports a finished part; times in milliseconds since the epoch. */
  phase(name: TracePhase, startMs: number, endMs: number, attributes: TraceAttributes): void;
  /** The data with which a resumed handler continues this trace. */
  carrier(): TraceCarrier;
  /**
   * @param endMs milliseconds since the epoch
   * @param error the error with which the call ended, if any
   */
  end(endMs: number, attributes: TraceAttributes, error?: { readonly code: string; readonly message: string }): void;
}

/** Receives traces of calls; `openTelemetry()` of `nexus-runtime/otel` creates one. */
export interface Tracing {
  /**
   * Starts the trace of a call.
   *
   * @param name `'resume'` continues from a `carrier`, if its handler was suspended with one
   * @param startMs milliseconds since the epoch, on the same clock as the other times, which starts with the
   *   process and is not adjusted later
   */
  begin(name: TracedCallName, startMs: number, attributes: TraceAttributes, carrier?: TraceCarrier): CallTrace;
}
