import type { DueSuspension, FoundSuspension, StoredSuspension } from '../api/suspension-store.js';
import { packMessage } from '../codec/message-pack.js';
import { NexusError } from '../errors/nexus-error.js';
import { type LifecycleState, stateOf } from './lifecycle.js';

/** A suspension without its envelope. */
export type SuspensionFacts = Omit<StoredSuspension, 'envelope'>;

export function factsOf(suspension: SuspensionFacts): SuspensionFacts {
  const { id, createdAtMs, expiresAtMs, tenant, dueAtMs, deployment, info } = suspension;
  return {
    id,
    createdAtMs,
    expiresAtMs,
    ...(tenant !== undefined && { tenant }),
    ...(dueAtMs !== undefined && { dueAtMs }),
    ...(deployment !== undefined && { deployment }),
    info,
  };
}

/** The return value of {@link SuspensionStore.read}. */
export function toFound(
  facts: SuspensionFacts,
  lifecycle: LifecycleState,
  envelope: Uint8Array | undefined,
): FoundSuspension {
  const { dueAtMs: _, ...rest } = factsOf(facts);
  const found = { ...rest, state: stateOf(lifecycle) };
  if (lifecycle.state === 'settled') return { ...found, outcome: lifecycle.outcome };
  const { dueAtMs } = lifecycle;
  const waiting = dueAtMs === undefined ? found : { ...found, dueAtMs };
  const withEnvelope = envelope === undefined ? waiting : { ...waiting, envelope };
  if (lifecycle.state === 'suspended') return withEnvelope;
  const { owner, leaseUntilMs, fence } = lifecycle;
  return { ...withEnvelope, lease: { owner, leaseUntilMs, fence } };
}

/** One line of {@link SuspensionStore.due}. */
export function dueOf({ id, tenant, deployment }: SuspensionFacts): DueSuspension {
  return { id, ...(tenant !== undefined && { tenant }), ...(deployment !== undefined && { deployment }) };
}

export function alreadyThere(id: string): NexusError {
  return new NexusError(
    'INVALID_ARGUMENT',
    `Suspension: there is another one, or a settled one, under id ${id}, or its run has gone on.`,
    {
      context: { argument: 'id', suspensionId: id },
    },
  );
}

export function storeClosed(): NexusError {
  return new NexusError('RUNTIME_CLOSED', 'The suspension store was closed.');
}

/** Whether it is byte for byte what was stored. */
export function isSame(facts: SuspensionFacts, envelope: Uint8Array | undefined, other: StoredSuspension): boolean {
  if (envelope === undefined || Buffer.compare(envelope, other.envelope) !== 0) return false;
  return Buffer.compare(packMessage(facts), packMessage(factsOf(other))) === 0;
}
