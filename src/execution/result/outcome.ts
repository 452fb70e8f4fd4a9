import type { WasmError, WasmResult } from '../../api/result.js';
import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import { ValueDecoder } from '../../codec/values/decoding/decode.js';
import { TooManyPathsError } from '../../codec/values/decoding/decoding-errors.js';
import { pathStep } from '../../codec/values/format.js';
import { FULFILLED, OUTCOME_FIELDS, PENDING, REJECTED } from '../../guest/abi.js';
import { limitContext } from '../../protocol/limit-failures.js';
import type { ExecutionReply } from '../../protocol/messages.js';
import { inSlices } from '../../support/slices.js';
import { type Bounds, type Effects, ForgedOutcome, malformed, NO_EFFECTS, readEffects } from './effects.js';
import { describeGuestError, type ErrorContext, type LocatableHandler } from './guest-error.js';

/** What an outcome says, once it was found to be true to its form and within the execution's rights and limits. */
export interface ReadOutcome extends Effects, Pick<WasmResult, 'status' | 'returnValue' | 'error'> {
  /** What the handler was denied, in its own words: capabilities. */
  readonly denials: readonly string[];
  /** What it read, in its own words; undefined when it says nothing. */
  readonly reads: ReadKeys | undefined;
}

/** Keys of the state that an execution read, each once. */
export interface ReadKeys {
  readonly keys: readonly string[];
  /** Reads of keys that are not listed. */
  readonly more: number;
}

/** In the engine's words. */
const INTERRUPTED = 'InternalError: interrupted';
const NOTHING: readonly string[] = [];
/** Of each list of {@link ReadOutcome} that the guest only tells. */
const MAX_TEXTS = 100_000;

/** Nothing that is in so few bytes takes a millisecond. */
const AT_ONCE_BYTES = 1_024;

/**
 * Reads what came out of a VM. The guest may own everything in there, so form, rights and limits are all checked again:
 * this check is the security, the prelude's only gives the better error.
 *
 * @returns what it says, at once if that is quick, and otherwise a promise of it: it is read in slices
 */
export function readOutcome(
  executed: ExecutionReply,
  handler: LocatableHandler,
  bounds: Bounds,
): ReadOutcome | Promise<ReadOutcome> {
  const { outcome, failure, heapExhausted } = executed;
  if (outcome === undefined) return failed(failure ?? lostOutcome());
  const decoder = new ValueDecoder(outcome, true, { maxPaths: bounds.limits.maxResultPaths });
  const step = (until: number) => {
    try {
      if (!decoder.run(until)) return undefined;
      const read = readFields(decoder.fields, bounds, {
        handler,
        limits: bounds.limits,
        heapExhausted,
        libraries: bounds.libraries ?? NOTHING,
      });
      if (failure === undefined) return { done: read };
      return {
        done: { ...read, status: 'error' as const, returnValue: undefined, error: placed(failure, read.error) },
      };
    } catch (error) {
      if (error instanceof ForgedOutcome) return { done: failed(failure ?? error.error) };
      if (error instanceof MalformedValueError) return { done: failed(failure ?? cannotLeave(error)) };
      throw error;
    }
  };
  if (outcome.length > AT_ONCE_BYTES) return inSlices(step);
  return (step(Number.POSITIVE_INFINITY) as { done: ReadOutcome }).done;
}

/** Where the handler was when it was interrupted: the prelude tells what that threw. */
function placed(failure: WasmError, interruption: WasmError | undefined): WasmError {
  if (failure.code !== 'TIMEOUT' || interruption?.message.endsWith(INTERRUPTED) !== true) return failure;
  const { location, snippet, stack } = interruption;
  const frames = stack?.slice(stack.indexOf('\n') + 1);
  return {
    ...failure,
    ...(frames && { stack: `TIMEOUT: ${failure.message}\n${frames}` }),
    ...(location && { location }),
    ...(snippet && { snippet }),
  };
}

function failed(error: WasmError): ReadOutcome {
  return { status: 'error', ...NO_EFFECTS, denials: NOTHING, reads: undefined, error };
}

function readFields(decoded: readonly unknown[], bounds: Bounds, circumstances: ErrorContext): ReadOutcome {
  const [status, value, mutations, events, viewCommands, logs, hostCalls, calls, denials, reads] = decoded;
  const effects = readEffects(mutations, events, viewCommands, logs, hostCalls, calls, bounds);
  let returnValue: unknown;
  let error: WasmError | undefined;
  if (status === FULFILLED) returnValue = value;
  else if (status === REJECTED) error = describeGuestError(value, circumstances);
  else if (status !== PENDING) throw malformed('status');
  else if (effects.calls.length === 0) error = deadlock();
  // One literal: spreading into an object costs more than all the reading.
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

/** A place in what `collect` returned as a place in the result. The first item there is the marker. */
function describePath([field, ...steps]: readonly (string | number)[]): string {
  return (OUTCOME_FIELDS[Number(field) - 1] ?? 'outcome') + steps.map(pathStep).join('');
}

function deadlock(): WasmError {
  return {
    code: 'DEADLOCK',
    message: 'The handler waits for a promise that nothing can settle any more.',
    context: {},
  };
}

function lostOutcome(): WasmError {
  return { code: 'EXECUTION_ERROR', message: 'The outcome of the handler was lost.', context: {} };
}
