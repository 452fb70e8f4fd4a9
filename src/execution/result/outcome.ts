import type { WasmError, WasmResult } from '../../api/result.js';
import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import { ValueDecoder } from '../../codec/values/decoding/decode.js';
import { TooManyPathsError } from '../../codec/values/decoding/decoding-errors.js';
import { pathStep } from '../../codec/values/format.js';
import { FULFILLED, OUTCOME_FIELDS, PENDING, REJECTED } from '../../guest/abi.js';
import { isInterruption, limitContext } from '../../protocol/limit-failures.js';
import type { ExecutionReply } from '../../protocol/messages.js';
import type { SourceMap } from '../../source/source-map/source-map.js';
import { inSlices } from '../../support/slices.js';
import { type Bounds, type Effects, ForgedOutcome, malformed, NO_EFFECTS, readEffects } from './effects.js';
import { describeGuestError, type ErrorSite, type LocatableHandler } from './guest-error.js';

/** The content of an outcome, after its form and the execution's grants and limits have been checked. */
export interface ReadOutcome extends Effects, Pick<WasmResult, 'status' | 'returnValue' | 'error'> {
  /** The capabilities that the handler was denied, as the guest reports them. */
  readonly denials: readonly string[];
  /** The number of calls, from the first one, that nothing waits for because the handler has ended. */
  readonly leftCalls: number;
  /** The keys that it read, as the guest reports them; undefined if it reports none. */
  readonly reads: ReadKeys | undefined;
}

/** The state keys that an execution read, each once. */
export interface ReadKeys {
  readonly keys: readonly string[];
  /** The number of reads of keys that are not listed. */
  readonly more: number;
}

/** In the engine's words. */
const INTERRUPTED = 'InternalError: interrupted';
const NOTHING: readonly string[] = [];
/** The maximum length of the lists in {@link ReadOutcome} that the guest only reports. */
const MAX_TEXTS = 100_000;

/** Reading so few bytes takes less than a millisecond. */
const AT_ONCE_BYTES = 1_024;

/**
 * Reads the outcome of a VM. The guest may control the whole VM, so form, grants and limits are checked
 * again. Security rests on this check; the check in the prelude only gives better errors.
 *
 * @returns the content directly if reading is quick; otherwise a promise, because it is read in slices, and for
 *   an error that a source map describes
 */
export function readOutcome(
  executed: ExecutionReply,
  handler: LocatableHandler,
  bounds: Bounds,
): ReadOutcome | Promise<ReadOutcome> {
  const { outcome, failure, heapExhausted } = executed;
  if (outcome === undefined) return failed(failure ?? lostOutcome());
  const decoder = new ValueDecoder(outcome, true, { maxPaths: bounds.limits.maxResultPaths });
  const read = (map: SourceMap | undefined): ReadOutcome => {
    const { limits, libraries = NOTHING } = bounds;
    const content = readFields(inPresentOrder(decoder.fields, bounds.outcomeFields), bounds, {
      handler,
      map,
      limits,
      heapExhausted,
      libraries,
    });
    if (failure === undefined) return content;
    return { ...content, status: 'error', returnValue: undefined, error: placed(failure, content.error) };
  };
  const refused = (error: unknown): ReadOutcome => {
    if (error instanceof ForgedOutcome) return failed(failure ?? error.error);
    if (error instanceof MalformedValueError) return failed(failure ?? cannotLeave(error));
    throw error;
  };
  const step = (until: number): { readonly done: ReadOutcome | Promise<ReadOutcome> } | undefined => {
    try {
      if (!decoder.run(until)) return undefined;
      const { openMap } = handler;
      if (openMap === undefined || decoder.fields[0] !== REJECTED) return { done: read(undefined) };
      return { done: openMap().then(read).catch(refused) };
    } catch (error) {
      return { done: refused(error) };
    }
  };
  if (outcome.length > AT_ONCE_BYTES) return inSlices(step) as ReadOutcome | Promise<ReadOutcome>;
  return (step(Number.POSITIVE_INFINITY) as NonNullable<ReturnType<typeof step>>).done;
}

/** Where the handler was when it was interrupted: the prelude tells what that threw. */
function placed(failure: WasmError, interruption: WasmError | undefined): WasmError {
  if (!isInterruption(failure) || interruption?.message.endsWith(INTERRUPTED) !== true) return failure;
  const { location, snippet, stack } = interruption;
  const frames = stack?.slice(stack.indexOf('\n') + 1);
  return {
    ...failure,
    ...(frames && { stack: `${failure.code}: ${failure.message}\n${frames}` }),
    ...(location && { location }),
    ...(snippet && { snippet }),
  };
}

function failed(error: WasmError): ReadOutcome {
  return { status: 'error', ...NO_EFFECTS, denials: NOTHING, leftCalls: 0, reads: undefined, error };
}

/** An older version has fewer fields, or has them in another order. */
function inPresentOrder(fields: readonly unknown[], given: readonly string[] = OUTCOME_FIELDS): readonly unknown[] {
  if (given === OUTCOME_FIELDS) return fields;
  return OUTCOME_FIELDS.map((name) => fields[given.indexOf(name)]);
}

function readFields(decoded: readonly unknown[], bounds: Bounds, site: ErrorSite): ReadOutcome {
  const [status, value, mutations, events, viewCommands, logs, hostCalls, calls, denials, reads, left] = decoded;
  const effects = readEffects(mutations, events, viewCommands, logs, hostCalls, calls, bounds);
  let returnValue: unknown;
  let error: WasmError | undefined;
  if (status === FULFILLED) returnValue = value;
  else if (status === REJECTED) error = describeGuestError(value, site);
  else if (status !== PENDING) throw malformed('status');
  else if (effects.calls.length === 0) error = deadlock();
  const leftCalls = status === PENDING && left !== undefined ? (left as number) : 0;
  // A claim of the guest: a handler that waits for nothing would wait forever.
  if (!Number.isInteger(leftCalls) || leftCalls < 0 || (leftCalls > 0 && leftCalls >= effects.calls.length)) {
    throw malformed('leftCalls');
  }
  // perf: one literal, because spreading into an object costs more than reading.
  return {
    status: error !== undefined ? 'error' : status === FULFILLED ? 'success' : 'suspended',
    returnValue,
    stateMutations: effects.stateMutations,
    events: effects.events,
    viewCommands: effects.viewCommands,
    logs: effects.logs,
    calls: effects.calls,
    hostCalls: effects.hostCalls,
    denials: texts(denials),
    leftCalls,
    reads: readKeysOf(reads),
    ...(error !== undefined && { error }),
  };
}

function texts(raw: unknown): readonly string[] {
  return Array.isArray(raw)
    ? raw.slice(0, MAX_TEXTS).filter((item): item is string => typeof item === 'string')
    : NOTHING;
}

function readKeysOf(raw: unknown): ReadKeys | undefined {
  if (!Array.isArray(raw)) return undefined;
  const more: unknown = raw[0];
  return { keys: texts(raw), more: Number.isSafeInteger(more) ? Math.max(0, more as number) : 0 };
}

function cannotLeave(error: MalformedValueError): WasmError {
  const path = error.path === undefined ? 'outcome' : describePath(error.path);
  const message = `${path} ${error.message}.`;
  if (!(error instanceof TooManyPathsError)) return { code: 'SERIALIZATION_ERROR', message, context: { path } };
  const context = { ...limitContext('maxResultPaths', error.maxPaths), used: error.paths, path };
  return { code: 'RESOURCE_LIMIT', message, context };
}

/** Of what the entries of a list consist, in order. */
const ENTRY_FIELDS: Partial<Record<(typeof OUTCOME_FIELDS)[number], readonly string[]>> = {
  stateMutations: ['operation', 'key', 'value'],
  events: ['name', 'payload'],
  viewCommands: ['type', 'componentId', 'args'],
  calls: ['callId', 'extensionName', 'method', 'args'],
};

/** A place in what `collect` returned as a place in the result. The first item there is the marker. */
function describePath([field, ...steps]: readonly (string | number)[]): string {
  const name = OUTCOME_FIELDS[Number(field) - 1];
  if (name === undefined) return `outcome${steps.map(pathStep).join('')}`;
  const [, item] = steps;
  const member = typeof item === 'number' ? ENTRY_FIELDS[name]?.[item] : undefined;
  return name + steps.map((step, i) => pathStep(i === 1 && member !== undefined ? member : step)).join('');
}

function deadlock(): WasmError {
  return {
    code: 'DEADLOCK',
    message: 'The handler waits for a promise that can never be settled.',
    context: {},
  };
}

function lostOutcome(): WasmError {
  return { code: 'EXECUTION_ERROR', message: 'The outcome of the handler was lost.', context: {} };
}
