import type { StoreUser } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';

/** Of an application that changes its secret again and again. */
export const MAX_SECRET_IDS = 16;

/** @throws NexusError INVALID_CONFIG */
export function requireSecret({ secretIds }: StoreUser): void {
  if (secretIds.length > 0) return;
  throw new NexusError(
    'INVALID_CONFIG',
    'suspensionSecret is absent, and the suspensionStore is on a server: whoever reads that could read and forge what handlers have in ' +
      'memory. Give suspensionSecret, the same one to all processes that share the store.',
    { context: { option: 'suspensionSecret' } },
  );
}

/** Another application has what is there. */
export function foreignSecret(place: string, option: string): NexusError {
  return new NexusError(
    'INVALID_CONFIG',
    `The suspensionStore at ${place} belongs to an application with another suspensionSecret. Give each application its own ${option}. ` +
      'If it is the same application with a new secret, give the list [new, old] as suspensionSecret until all processes have the new one.',
    { context: { option, place } },
  );
}

/** The ids that are known from now on; undefined if none of the user's is known and others are. */
export function knownSecretIds(before: readonly string[], { secretIds }: StoreUser): readonly string[] | undefined {
  if (before.length > 0 && !secretIds.some((id) => before.includes(id))) return undefined;
  const known = new Set([...secretIds, ...before]);
  return [...known].slice(0, MAX_SECRET_IDS);
}
