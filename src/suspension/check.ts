import type {
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
/** Transitions of one suspension: one per second for thirty years. */
export const MAX_VERSION = 999_999_999;

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
): void {
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
export function checkPage({ limit, states, tenant }: SuspensionFilter & { readonly limit: number }): void {
  checkLimit(limit);
  const isList = states === undefined || Array.isArray(states);
  const unknown = isList ? states?.find((state) => !Object.hasOwn(STATES, state)) : states;
  if (unknown !== undefined) {
    throw invalid('states', unknown, `a list of ${Object.keys(STATES).join(', ')}`);
  }
  if (tenant !== undefined && typeof tenant !== 'string') throw invalid('tenant', tenant, 'a string');
}

/** Whether a filter lets a suspension through. */
export function matches(
  { states, tenant }: SuspensionFilter,
  found: Pick<SuspensionSummary, 'state' | 'tenant'>,
): boolean {
  return (states === undefined || states.includes(found.state)) && (tenant === undefined || tenant === found.tenant);
}

function checkLimit(limit: unknown): void {
  if (!Number.isSafeInteger(limit) || (limit as number) < 1) throw invalid('limit', limit, 'a whole number from 1');
}

function checkSuspension({ id, envelope, createdAtMs, expiresAtMs, tenant, info }: StoredSuspension): void {
  if (typeof id !== 'string' || parseSuspensionId(id) === undefined) {
    throw invalid('id', id, 'a run id of 22 characters (base64url), a dot and a generation');
  }
  if (!(envelope instanceof Uint8Array)) throw invalid('envelope', envelope, 'bytes');
  checkTime('createdAtMs', createdAtMs);
  checkTime('expiresAtMs', expiresAtMs);
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
