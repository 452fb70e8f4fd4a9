import type { Suspension, WasmError, WasmResult } from '../api/result.js';
import type { StoredSuspension } from '../api/suspension-store.js';
import { nameInMessage } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { type Origin, withOrigin } from '../execution/origin.js';
import { wakeAtMs } from '../execution/own-calls.js';
import { errorResult } from '../execution/result/result.js';
import type { WaitingRun } from '../execution/waiting-run.js';
import { NET_EXTENSION, NET_METHOD, TIMER_EXTENSION, TIMER_METHOD } from '../guest/abi.js';
import { limitContext } from '../protocol/limit-failures.js';
import { renderReason } from '../support/render-reason.js';
import type { KeptRefusal } from './room/kept.js';

/** A warning: a caller that names no extensions may not know that handlers can wait for them. */
export const MAY_BE_UNEXPECTED = {
  code: 'NEXUS_SUSPENDED',
  message:
    'A handler called an extension and is suspended until resumeHandler() answers it. ' +
    'Pass the extensions to run() to have them called, name them in context.extensionRegistry if you answer them yourself, ' +
    'or pass { suspensions: false } to make it an error. This is said once.',
} as const;

/** What a handler waits for that waits for no extension. */
const A_TIMER = { extensionName: TIMER_EXTENSION, method: TIMER_METHOD, args: [] };
const A_REQUEST = { extensionName: NET_EXTENSION, method: NET_METHOD, args: [] };

/** The result of a handler that waits and was kept. */
export function suspended(
  result: WasmResult,
  { calls, run }: WaitingRun,
  { id, expiresAtMs }: StoredSuspension,
): WasmResult {
  const [{ extensionName, method, args } = run.requests === undefined ? A_TIMER : A_REQUEST] = calls;
  const expiresAt = new Date(expiresAtMs);
  const atMs = wakeAtMs(run);
  const wakeAt = atMs !== undefined && { wakeAt: new Date(atMs) };
  const suspension: Suspension = { suspensionId: id, extensionName, method, args, calls, expiresAt, ...wakeAt };
  const { stateMutations, events, viewCommands, logs, unawaitedCalls, metrics } = result;
  const effects = { stateMutations, events, viewCommands, logs };
  return { status: 'suspended', ...effects, ...(unawaitedCalls && { unawaitedCalls }), metrics, suspension };
}

/** The result of a handler that waits and could not be kept; its effects so far are in it. */
export function unkept(result: WasmResult, error: WasmError, origin: Origin): WasmResult {
  const { returnValue: _, suspension: __, ...rest } = result;
  return { ...rest, status: 'error', partial: true, error: withOrigin(error, origin) };
}

export function tooLarge(bytes: number, maxSuspensionBytes: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The suspended handler has ${bytes} bytes, more than maxSuspensionBytes (${maxSuspensionBytes}).`,
    context: { ...limitContext('maxSuspensionBytes', maxSuspensionBytes), bytes },
  };
}

/** @param what is too large to be read again */
export function unreadable(what: string): WasmError {
  return { code: 'RESOURCE_LIMIT', message: `A step of the run cannot be kept: ${what}.`, context: {} };
}

export function tooManyCalls(calls: number, maxCalls: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The handler waits for ${calls} calls at the same time, at most ${maxCalls} can be kept; let it wait for fewer.`,
    context: { limit: 'calls', value: maxCalls, calls },
  };
}

/** @param bytes the size of the refused handler; absent if it was not even sealed */
export function noRoom(refusal: KeptRefusal, bytes?: number): WasmError {
  const size = bytes === undefined ? '' : ` of ${bytes} bytes`;
  const what = `The suspended handler${size} is one more than may be kept`;
  return refused(refusal, bytes, what, ['keeps', 'the store keeps'], 'resume or cancel some');
}

export function noRoomForRun(refusal: KeptRefusal, bytes: number): WasmError {
  const what = `The handler of ${bytes} bytes is one more than may wait in a run`;
  return refused(refusal, bytes, what, ['has', 'there are'], 'begin fewer runs at the same time');
}

function refused(
  { limit, scope, value, usage, tenant }: KeptRefusal,
  bytes: number | undefined,
  what: string,
  [tenantHas, thereAre]: readonly [string, string],
  remedy: string,
): WasmError {
  const option = `${limit}.${scope}`;
  const whose = scope === 'perTenant' ? `the tenant ${JSON.stringify(tenant)} ${tenantHas}` : thereAre;
  return {
    code: 'RESOURCE_LIMIT',
    message:
      `${what}: ${whose} ${usage.waiting} that wait, with ${usage.waitingBytes} bytes, and ` + `${option} is ${value}.`,
    context: {
      limit,
      scope,
      value,
      remedy: `${remedy}, or raise ${option} to allow more`,
      ...usage,
      ...(bytes !== undefined && { bytes }),
      ...(tenant !== undefined && { tenant }),
    },
  };
}

/** @param names of the methods for which it waits; none if it waits for a timer or a request */
export function suspensionsOff(names: readonly string[]): WasmError {
  const list = names.length === 0 ? 'a timer or a request' : names.map((name) => `$ext.${name}`).join(', ');
  return {
    code: 'EXECUTION_ERROR',
    message: `The handler waits for ${list}, and this call keeps no suspended handlers.`,
    context: {
      option: 'suspensions',
      value: false,
      methods: names,
      remedy: 'pass the extensions to run(), or allow suspensions and answer with resumeHandler()',
    },
  };
}

/** @param dueAtMs when the first timer is due */
export function notDue(suspensionId: string, dueAtMs: number): NexusError {
  const wakeAt = new Date(dueAtMs);
  const message =
    `The suspended handler ${suspensionId} waits for a timer that is due at ${wakeAt.toISOString()}. ` +
    'Resume it at suspension.wakeAt or later, or with the answer to a call.';
  return new NexusError('INVALID_ARGUMENT', message, { context: { argument: 'answers', suspensionId, wakeAt } });
}

export function notKept(error: unknown): WasmError {
  const reason = renderReason(error);
  return {
    code: 'EXECUTION_ERROR',
    message: `The handler waits for an extension and could not be kept: ${reason}`,
    context: { layer: 'suspension', reason },
  };
}

/** @param reason why its values cannot be recorded */
export function notRecorded(reason: string): WasmError {
  return {
    code: 'SERIALIZATION_ERROR',
    message: `The outcome of the handler cannot be recorded: it ${reason}.`,
    context: { path: 'outcome', layer: 'suspension' },
  };
}

/** The record of a result whose values cannot be recorded: its error, or that there is no value. */
export function withoutValues({ error, metrics }: WasmResult, reason: string): WasmResult {
  const { code, message } = error ?? notRecorded(reason);
  return { ...errorResult({ code, message, context: { layer: 'suspension', reason } }, {}), metrics };
}

export function calledOff(suspensionId: string): WasmResult {
  const message = `The suspended handler ${suspensionId} was cancelled.`;
  return errorResult({ code: 'CANCELLED', message, context: { suspensionId } }, {});
}

export function notFound(suspensionId: string): NexusError {
  const message = `There is no suspended handler ${nameInMessage(suspensionId)}: the id is unknown, or its outcome is no longer kept.`;
  return new NexusError('SUSPENSION_NOT_FOUND', message, { context: { suspensionId } });
}

export function expired(suspensionId: string): NexusError {
  const message = `The suspended handler ${suspensionId} has expired; suspensionTtlMs says how long one is kept.`;
  return new NexusError('SUSPENSION_EXPIRED', message, { context: { suspensionId } });
}

/** @param waitedMs for the call that is resuming it */
export function busy(suspensionId: string, waitedMs: number): NexusError {
  const message =
    `Another call has been resuming the suspended handler ${suspensionId} for ${Math.round(waitedMs)} ms. ` +
    'These answers were not used: call again later.';
  return new NexusError('SUSPENSION_BUSY', message, { context: { suspensionId } });
}

/** The ids of the calls that a caller answers. */
export interface GivenAnswers {
  readonly given: readonly string[];
  /** Those of which the outcome did not come. */
  readonly unused: readonly string[];
}

/** Where a run waits. */
export interface CurrentSuspension {
  readonly id: string;
  /** Whether the handler waits for a call there. */
  waitsFor(callId: string): boolean;
}

/**
 * Answers that were not used. Those to calls for which the handler waits no more are never used: they are named apart.
 *
 * @param current the suspension at which the run waits now, if it waits
 */
export function answeredOtherwise(
  suspensionId: string,
  { given, unused }: GivenAnswers,
  current: CurrentSuspension | undefined,
): NexusError {
  const needed = unused.filter((callId) => current?.waitsFor(callId) === true);
  const isNeeded = new Set(needed);
  const settled = given.filter((callId) => !isNeeded.has(callId));
  const message = `The suspended handler ${suspensionId} was resumed without the answer to ${nameSome(unused)}, which was not used. ${whatNow(needed, settled, current)}`;
  return settledError(message, suspensionId, unused, settled, needed.length > 0 ? current?.id : undefined);
}

function whatNow(
  needed: readonly string[],
  settled: readonly string[],
  current: CurrentSuspension | undefined,
): string {
  if (current === undefined) return 'The run has ended.';
  if (needed.length === 0) return 'The handler has another answer, or waits for none any more.';
  const others =
    settled.length === 0 ? '' : `, with the answer to ${nameSome(needed)} alone: no other is needed any more`;
  return `The run waits as ${current.id} now: resume that${others}.`;
}

/**
 * Answers that a suspension does not wait for, although the handler made the calls. None of the caller's answers was used.
 *
 * @param late ids of those calls
 * @param given ids of all calls that the caller answers
 */
export function answeredBefore(suspensionId: string, late: readonly string[], given: readonly string[]): NexusError {
  const rest = late.length < given.length ? ' None of these answers was used: resume it with the others.' : '';
  const message = `The suspended handler ${suspensionId} does not wait for ${nameSome(late)} any more: the call has another answer, or was left behind.${rest}`;
  return settledError(message, suspensionId, given, late, late.length < given.length ? suspensionId : undefined);
}

/** Of ids in a message. */
const MAX_NAMED_IDS = 10;
const MAX_ID_CHARACTERS = 50;

function settledError(
  message: string,
  suspensionId: string,
  callIds: readonly string[],
  settledCallIds: readonly string[],
  current: string | undefined,
): NexusError {
  const context = {
    suspensionId,
    callIds,
    ...(settledCallIds.length > 0 && { settledCallIds }),
    ...(current !== undefined && { currentSuspensionId: current }),
  };
  return new NexusError('SUSPENSION_SETTLED', message, { context });
}

function nameSome(ids: readonly string[]): string {
  const named = ids.slice(0, MAX_NAMED_IDS).map((id) => id.slice(0, MAX_ID_CHARACTERS));
  return ids.length > MAX_NAMED_IDS ? `${named.join(', ')} and ${ids.length - MAX_NAMED_IDS} more` : named.join(', ');
}

export function lostLease(suspensionId: string): NexusError {
  const message = `The lease on the suspended handler ${suspensionId} was lost while it was resumed. Nothing of it was delivered: resume it again.`;
  return new NexusError('INTERNAL_ERROR', message, { context: { suspensionId } });
}

/** A store of the application may throw anything. */
export function storeFault(error: unknown): NexusError {
  if (error instanceof NexusError) return error;
  const reason = renderReason(error);
  return new NexusError('INTERNAL_ERROR', `The store of suspended handlers failed: ${reason}`, { cause: error });
}
