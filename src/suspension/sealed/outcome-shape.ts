import { CACHE_TIERS, type ExecutionMetrics } from '../../api/observing/execution-metrics.js';
import type {
  EmittedEvent,
  ErrorCause,
  ExtensionCall,
  LogEntry,
  Suspension,
  ViewCommand,
  WasmError,
  WasmResult,
} from '../../api/result.js';
import type { SettledState } from '../../api/suspension-store.js';
import { count, dictionary, finite, flag, list, oneOf, record, type Shape, text } from '../../codec/message-shape.js';
import { MAX_CALLS } from './run-header.js';

/** Every field of an interface, so that a new one cannot be forgotten here. */
type Shapes<T> = { readonly [K in keyof Required<T>]: Shape<unknown> };

const ANY_TEXT = text(Number.POSITIVE_INFINITY);
const MAX_CONTEXT_FIELDS = 1_000;
const CALL_ID = text(64);
/** In place of a value of the handler's stands its number in the list of all. */
const NUMBER = count;

const date: Shape<Date> = (value) => (value instanceof Date ? undefined : 'is not a date');

const callShapes: Shapes<ExtensionCall> = { callId: ANY_TEXT, extensionName: ANY_TEXT, method: ANY_TEXT, args: NUMBER };
const call = record(callShapes);

const eventShapes: Shapes<EmittedEvent> = { name: ANY_TEXT, payload: NUMBER };
const { componentId, ...commandShapes }: Shapes<ViewCommand> = {
  type: oneOf('setFilter', 'scrollTo', 'focus', 'custom'),
  componentId: ANY_TEXT,
  args: NUMBER,
};
const { omitted, ...logShapes }: Shapes<LogEntry> = {
  level: oneOf('debug', 'info', 'warn', 'error'),
  message: ANY_TEXT,
  omitted: count,
};
const { wakeAt, ...suspensionShapes }: Shapes<Suspension> = {
  suspensionId: ANY_TEXT,
  extensionName: ANY_TEXT,
  method: ANY_TEXT,
  args: NUMBER,
  calls: list(call),
  expiresAt: date,
  wakeAt: date,
};

const place = record({ line: count, column: count }, { file: ANY_TEXT });
const names = list(ANY_TEXT);
const aCause: Shape<ErrorCause> = (value) => causes(value);
const { message: causeMessage, ...furtherCauseShapes }: Shapes<ErrorCause> = {
  name: ANY_TEXT,
  message: ANY_TEXT,
  stack: ANY_TEXT,
  location: place,
  fields: NUMBER,
  cause: aCause,
  errors: list(aCause),
  dropped: names,
  thrown: NUMBER,
};
const causes = record({ message: causeMessage }, furtherCauseShapes);

const { code, message, ...furtherErrorShapes }: Shapes<WasmError> = {
  code: ANY_TEXT,
  message: ANY_TEXT,
  name: ANY_TEXT,
  stack: ANY_TEXT,
  fields: NUMBER,
  cause: aCause,
  errors: list(aCause),
  dropped: names,
  location: place,
  snippet: ANY_TEXT,
  context: dictionary(NUMBER, MAX_CONTEXT_FIELDS),
};

const { compilationTimeUs, suspendedTimeUs, cacheTier, ...metricShapes }: Shapes<ExecutionMetrics> = {
  durationUs: finite,
  compilationTimeUs: finite,
  queueTimeUs: finite,
  suspendedTimeUs: finite,
  memoryUsedBytes: finite,
  memoryPeakBytes: finite,
  hostCalls: finite,
  instructionCount: finite,
  cacheHit: flag,
  cacheTier: oneOf(...CACHE_TIERS),
};

const { status, stateMutations, events, viewCommands, logs, metrics, ...furtherShapes }: Shapes<WasmResult> = {
  status: oneOf('success', 'suspended', 'error'),
  returnValue: NUMBER,
  stateMutations: list(record({ operation: oneOf('set', 'delete'), key: ANY_TEXT }, { value: NUMBER })),
  events: list(record(eventShapes)),
  viewCommands: list(record(commandShapes, { componentId })),
  logs: list(record(logShapes, { omitted })),
  partial: flag,
  replayed: flag,
  suspension: record(suspensionShapes, { wakeAt }),
  unawaitedCalls: list(call),
  error: record({ code, message }, furtherErrorShapes),
  metrics: record(metricShapes, { compilationTimeUs, suspendedTimeUs, cacheTier }),
};

/** A recorded result, with indices in place of the handler's values. */
export const RESULT_FRAME = record({ status, stateMutations, events, viewCommands, logs, metrics }, furtherShapes);

/** Which answers an outcome came of, by the ids of their calls. An answer without an id is for the first call. */
export interface AnsweredCalls {
  readonly answered: readonly string[];
  readonly firstCall: string;
}

export interface OutcomeHeader {
  readonly state: SettledState;
  /** Absent when no answers led to it: it was cancelled, say. */
  readonly answers?: AnsweredCalls;
}

/** What the header of an outcome's envelope says. */
export const OUTCOME_HEADER = record(
  { state: oneOf('completed', 'failed', 'continued', 'cancelled', 'expired') },
  { answers: record({ answered: list(CALL_ID, MAX_CALLS), firstCall: CALL_ID }) },
) as Shape<OutcomeHeader>;
