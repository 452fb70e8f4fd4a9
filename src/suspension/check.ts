import type {
  StoredMessage,
  StoredSuspension,
  SuspensionFilter,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionSummary,
  SweepOptions,
} from '../api/suspension-store.js';
import { packMessage } from '../codec/message-pack.js';
import { describe } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { nextSuspensionId, parseSuspensionId } from '../support/run-ids.js';
import { STATES } from './transitions.js';

/** Room for ten thousand pending calls with names of usual length. */
export const MAX_INFO_BYTES = 1024 * 1024;
export const MAX_OWNER_LENGTH = 256;
export const MAX_TENANT_LENGTH = 128;
/** A run id of 22 characters, a dot, a generation of at most nine digits. */
export const MAX_ID_LENGTH = 32;
export const MAX_DEPLOYMENT_LENGTH = 64;
export const MAX_MESSAGE_ID_LENGTH = 128;
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Of a run, that are not consumed. */
export const MAX_MESSAGES = 1_000;
export const MAX_MAILBOX_BYTES = 64 * 1024 * 1024;
/** Of a run: so many messages that were consumed are known again. */
export const MAX_CONSUMED_IDS = 10_000;
/** Transitions of one suspension: one per second for thirty years. */
export const MAX_VERSION = 999_999_999;

export const MAX_IMAGE_BYTES = 16 * 1024 * 1024;

const IMAGE_ID = /^[A-Za-z0-9_-]{1,64}$/;
const DEPLOYMENT = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws NexusError INVALID_ARGUMENT */
export function checkFirst(suspension: StoredSuspension): void {
  checkSuspension(suspension);
  if (parseSuspensionId(suspension.id)?.generation !== 1) {
    throw invalid('id', suspension.id, 'of generation 1; later ones come with settle()');
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkLease({ owner, leaseUntilMs }: SuspensionLease): void {
  if (typeof owner !== 'string' || owner.length > MAX_OWNER_LENGTH) {
    throw invalid('owner', owner, `a string of at most ${MAX_OWNER_LENGTH} characters`);
  }
  checkTime('leaseUntilMs', leaseUntilMs);
}

/**
 * Checks that the parts of a settlement are consistent.
 *
 * @throws NexusError INVALID_ARGUMENT
 */
export function checkSettlement(
  id: string,
  fence: number | undefined,
  outcome: SuspensionOutcome,
  next: StoredSuspension | undefined,
  consumed: readonly string[] = [],
): void {
  if (!Array.isArray(consumed) || consumed.length > MAX_MESSAGES || !consumed.every(isMessageId)) {
    throw invalid('consumed', consumed, `a list of at most ${MAX_MESSAGES} ids of messages`);
  }
  const { state, content, settledAtMs, keepUntilMs } = outcome;
  if (!(content instanceof Uint8Array)) throw invalid('outcome.content', content, 'bytes');
  checkTime('outcome.settledAtMs', settledAtMs);
  checkTime('outcome.keepUntilMs', keepUntilMs);
  if (fence === undefined && state !== 'cancelled' && state !== 'expired') {
    throw invalid('fence', fence, `the fence of a claim, for an outcome that is ${state}`);
  }
  if (fence !== undefined) checkFence(fence);
  if ((next !== undefined) !== (state === 'continued')) {
    throw invalid('next', next, `${state === 'continued' ? 'given' : 'absent'}, for an outcome that is ${state}`);
  }
  if (next === undefined) return;
  checkSuspension(next);
  const parsed = parseSuspensionId(id);
  if (parsed !== undefined && next.id !== nextSuspensionId(parsed)) {
    throw invalid('next.id', next.id, nextSuspensionId(parsed));
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkTime(name: string, given: unknown): void {
  if (!Number.isSafeInteger(given) || (given as number) < 0) {
    throw invalid(name, given, 'a time in milliseconds since the epoch, a whole number');
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkFence(fence: unknown): void {
  if (!Number.isSafeInteger(fence) || (fence as number) < 1) throw invalid('fence', fence, 'that of a claim');
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkSweep(nowMs: unknown, { limit, after }: SweepOptions): void {
  checkTime('nowMs', nowMs);
  if (limit !== undefined) checkLimit(limit);
  if (after !== undefined && typeof after !== 'string') throw invalid('after', after, '`next` of a sweep');
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkPage(options: SuspensionFilter & { readonly limit: number }): void {
  const { limit, states, tenant, deployment } = options;
  checkLimit(limit);
  if (deployment !== undefined && typeof deployment !== 'string') throw invalid('deployment', deployment, 'a string');
  const isList = states === undefined || Array.isArray(states);
  const unknown = isList ? states?.find((state) => !Object.hasOwn(STATES, state)) : states;
  if (unknown !== undefined) {
    throw invalid('states', unknown, `a list of ${Object.keys(STATES).join(', ')}`);
  }
  if (tenant !== undefined && typeof tenant !== 'string') throw invalid('tenant', tenant, 'a string');
}

/** Whether a filter lets a suspension through. */
export function matches(filter: SuspensionFilter, found: SuspensionSummary): boolean {
  const { states, tenant, deployment } = filter;
  if (states !== undefined && !states.includes(found.state)) return false;
  if (tenant !== undefined && tenant !== found.tenant) return false;
  return deployment === undefined || deployment === found.deployment;
}

function checkLimit(limit: unknown): void {
  if (!Number.isSafeInteger(limit) || (limit as number) < 1) throw invalid('limit', limit, 'a whole number from 1');
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkMessage({ id, content }: StoredMessage): void {
  if (!isMessageId(id)) throw invalid('message.id', id, `a string of 1 to ${MAX_MESSAGE_ID_LENGTH} characters`);
  if (!(content instanceof Uint8Array) || content.length > MAX_MESSAGE_BYTES) {
    const given = content instanceof Uint8Array ? `${content.length} bytes` : content;
    throw invalid('message.content', given, `at most ${MAX_MESSAGE_BYTES} bytes`);
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkKnown(known: unknown): void {
  if (Array.isArray(known) && known.every(isMessageId)) return;
  throw invalid('known', known, 'a list of ids of messages');
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkWake(next: { readonly dueAtMs?: number } | undefined): void {
  if (next !== undefined && (typeof next !== 'object' || next === null)) throw invalid('next', next, 'an object');
  if (next?.dueAtMs !== undefined) checkTime('next.dueAtMs', next.dueAtMs);
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkDue(nowMs: unknown, { limit, deployment }: { limit: number; deployment?: string }): void {
  checkTime('nowMs', nowMs);
  checkLimit(limit);
  if (deployment !== undefined) checkDeployment(deployment);
}

function checkDeployment(deployment: unknown): void {
  if (typeof deployment === 'string' && DEPLOYMENT.test(deployment)) return;
  throw invalid('deployment', deployment, `up to ${MAX_DEPLOYMENT_LENGTH} of A-Z, a-z, 0-9, _ and -`);
}

function isMessageId(id: unknown): boolean {
  return typeof id === 'string' && id.length > 0 && id.length <= MAX_MESSAGE_ID_LENGTH;
}

function checkSuspension(suspension: StoredSuspension): void {
  const { id, envelope, createdAtMs, expiresAtMs, tenant, dueAtMs, deployment, info } = suspension;
  if (typeof id !== 'string' || parseSuspensionId(id) === undefined) {
    throw invalid('id', id, 'a run id of 22 characters (base64url), a dot and a generation');
  }
  if (!(envelope instanceof Uint8Array)) throw invalid('envelope', envelope, 'bytes');
  checkTime('createdAtMs', createdAtMs);
  checkTime('expiresAtMs', expiresAtMs);
  if (dueAtMs !== undefined) checkTime('dueAtMs', dueAtMs);
  if (deployment !== undefined) checkDeployment(deployment);
  if (tenant !== undefined && (typeof tenant !== 'string' || tenant.length > MAX_TENANT_LENGTH)) {
    throw invalid('tenant', tenant, `a string of at most ${MAX_TENANT_LENGTH} characters`);
  }
  if (typeof info !== 'object' || info === null || Array.isArray(info)) throw invalid('info', info, 'an object');
  const length = packedLength(info);
  if (length > MAX_INFO_BYTES) throw invalid('info', `${length} bytes`, `at most ${MAX_INFO_BYTES} as MessagePack`);
}

function packedLength(info: object): number {
  try {
    return packMessage(info).length;
  } catch (error) {
    // It is nested too deeply, or contains values that MessagePack does not have.
    throw invalid('info', info, `plain data (${error instanceof Error ? error.message : String(error)})`);
  }
}

function invalid(name: string, given: unknown, expected: string): NexusError {
  return new NexusError('INVALID_ARGUMENT', `Suspension: ${name} is ${describe(given)}; it must be ${expected}.`, {
    context: { argument: name, expected },
  });
}

export function isImageId(id: unknown): id is string {
  return typeof id === 'string' && IMAGE_ID.test(id);
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkImage(id: string, content: Uint8Array, nowMs: number): void {
  if (!isImageId(id)) throw invalid('id', id, '1 to 64 of A–Z, a–z, 0–9, _ and -');
  if (!(content instanceof Uint8Array) || content.length > MAX_IMAGE_BYTES) {
    throw invalid('content', content, `at most ${MAX_IMAGE_BYTES} bytes`);
  }
  checkTime('nowMs', nowMs);
}
