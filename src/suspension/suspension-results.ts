import type { ExtensionCall, Suspension, WasmError, WasmResult } from '../api/result.js';
import type { StoredSuspension } from '../api/suspension-store.js';
import { NexusError } from '../errors/nexus-error.js';
import { errorResult, type Origin, withOrigin } from '../execution/result/result.js';
import type { SegmentRun } from '../execution/segment-runner.js';
import { limitContext } from '../protocol/limit-failures.js';
import { renderReason } from '../support/render-reason.js';
import type { KeptRefusal } from './kept.js';

/** The result of a handler that waits and was kept. */
export function suspended({ result, waiting }: SegmentRun, { id, expiresAtMs }: StoredSuspension): WasmResult {
  const calls = waiting?.calls ?? [];
  const [{ extensionName, method, args }] = calls as [ExtensionCall];
  const expiresAt = new Date(expiresAtMs);
  const suspension: Suspension = { suspensionId: id, extensionName, method, args, calls, expiresAt };
  return { ...result, suspension };
}

/** The handler waits and cannot go on; what it did up to here still happened. */
export function unkept(result: WasmResult, error: WasmError, origin: Origin): WasmResult {
  return { ...result, status: 'error', partial: true, error: withOrigin(error, origin) };
}

export function tooLarge(bytes: number, maxSuspensionBytes: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The suspended handler has ${bytes} bytes, more than maxSuspensionBytes (${maxSuspensionBytes}).`,
    context: { ...limitContext('maxSuspensionBytes', maxSuspensionBytes), bytes },
  };
}

export function tooManyCalls(calls: number, maxCalls: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The handler waits for ${calls} calls at the same time, at most ${maxCalls} can be kept; let it wait for fewer.`,
    context: { limit: 'calls', value: maxCalls, calls },
  };
}

/** @param bytes of the handler that was refused; absent when it was not even sealed */
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

export function notKept(error: unknown): WasmError {
  const reason = renderReason(error);
  return {
    code: 'EXECUTION_ERROR',
    message: `The handler waits for an extension and could not be kept: ${reason}`,
    context: { layer: 'suspension', reason },
  };
}

/** @param reason why its values cannot be recorded for whoever asks again */
export function notRecorded(reason: string): WasmError {
  return {
    code: 'SERIALIZATION_ERROR',
    message: `The outcome of the handler cannot be recorded: it ${reason}.`,
    context: { path: 'outcome', layer: 'suspension' },
  };
}

/** What is recorded of a result whose values cannot be: its error, or that there is none to give. */
export function withoutValues({ error, metrics }: WasmResult, reason: string): WasmResult {
  const { code, message } = error ?? notRecorded(reason);
  return { ...errorResult({ code, message, context: { layer: 'suspension', reason } }, {}), metrics };
}

export function calledOff(suspensionId: string): WasmResult {
  const message = `The suspended handler ${suspensionId} was cancelled.`;
  return errorResult({ code: 'CANCELLED', message, context: { suspensionId } }, {});
}

export function notFound(suspensionId: string): NexusError {
  const message = `There is no suspended handler ${suspensionId}: it was never here, or its outcome is no longer kept.`;
  return new NexusError('SUSPENSION_NOT_FOUND', message, { context: { suspensionId } });
}

export function expired(suspensionId: string): NexusError {
  const message = `The suspended handler ${suspensionId} has expired; suspensionTtlMs says how long one is kept.`;
  return new NexusError('SUSPENSION_EXPIRED', message, { context: { suspensionId } });
}

export function lostLease(suspensionId: string): NexusError {
  const message = `The lease on the suspended handler ${suspensionId} was lost while it was resumed. Nothing of it was delivered: resume it again.`;
  return new NexusError('INTERNAL_ERROR', message, { context: { suspensionId } });
}

/** A store of the application's own may throw what it likes. */
export function storeFault(error: unknown): NexusError {
  if (error instanceof NexusError) return error;
  const reason = renderReason(error);
  return new NexusError('INTERNAL_ERROR', `The store of suspended handlers failed: ${reason}`, { cause: error });
}
