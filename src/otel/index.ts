/**
 * Reports calls of a runtime as OpenTelemetry spans.
 *
 * @module nexus-runtime/otel
 */
import {
  type Context,
  context as contexts,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

import type {
  CallTrace,
  TraceAttributes,
  TraceCarrier,
  TracedCallName,
  TracePhase,
  Tracing,
} from '../api/observing/tracing.js';

export type { CallTrace, TraceAttributes, TraceCarrier, TracePhase, Tracing } from '../api/observing/tracing.js';

const INSTRUMENTATION = 'nexus-runtime';
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})$/;

const CALL_SPANS: Readonly<Record<TracedCallName, string>> = {
  execute: 'nexus.handler',
  resume: 'nexus.resume',
  run: 'nexus.run',
};

export interface OpenTelemetryOptions {
  /** The destination of spans. Default: the global provider at the time of a call. */
  readonly tracerProvider?: TracerProvider;
}

/**
 * Creates the option `tracing` of `createRuntime` that reports calls as OpenTelemetry spans: one span for
 * each call, with its parts as children (`nexus.compile`, `nexus.queue`, `nexus.execute`, `nexus.suspend`).
 * The span of a call is `nexus.handler`, `nexus.resume` or `nexus.run`, and its parent is the active span. A
 * resumed handler continues the trace in which it was suspended: the W3C trace context is stored in its
 * envelope.
 */
export function openTelemetry({ tracerProvider }: OpenTelemetryOptions = {}): Tracing {
  return {
    begin(name, startMs, attributes, carrier) {
      const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer(INSTRUMENTATION);
      const parent = carrier === undefined ? contexts.active() : extract(carrier);
      return new SpanTrace(tracer, CALL_SPANS[name], startMs, attributes, parent);
    },
  };
}

class SpanTrace implements CallTrace {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;

  constructor(tracer: Tracer, name: string, startTime: number, attributes: TraceAttributes, parent: Context) {
    this.#tracer = tracer;
    const options = { kind: SpanKind.INTERNAL, startTime, attributes: { ...attributes } };
    this.#span = tracer.startSpan(name, options, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  phase(name: TracePhase, startMs: number, endMs: number, attributes: TraceAttributes): void {
    const options = { startTime: startMs, attributes: { ...attributes } };
    this.#tracer.startSpan(`nexus.${name}`, options, this.#context).end(endMs);
  }

  carrier(): TraceCarrier {
    const { traceId, spanId, traceFlags, traceState } = this.#span.spanContext();
    const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    const tracestate = traceState?.serialize();
    return tracestate ? { traceparent, tracestate } : { traceparent };
  }

  end(endMs: number, attributes: TraceAttributes, error?: { readonly code: string; readonly message: string }): void {
    this.#span.setAttributes({ ...attributes });
    if (error !== undefined) {
      this.#span.setAttribute('error.type', error.code);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
    this.#span.end(endMs);
  }
}

/** Undefined for a handler that was suspended without tracing, or by a newer version: it starts a new trace. */
function extract({ traceparent = '', tracestate }: TraceCarrier): Context {
  const { traceId, spanId, flags } = TRACEPARENT.exec(traceparent)?.groups ?? {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  });
}
