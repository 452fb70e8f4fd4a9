import { invalidOption } from './check.js';

const MIN_SECRET_BYTES = 16;

/**
 * Returns the secrets as bytes; none if the option is absent.
 *
 * @throws NexusError INVALID_CONFIG without showing them; also for an empty list, which was probably meant to
 *   be a secret
 */
export function resolveSecrets(option: string, given: unknown): readonly Uint8Array[] {
  if (given === undefined) return [];
  if (Array.isArray(given) && given.length === 0) throw invalidOption(option, given, 'absent, or hold a secret');
  return Object.freeze((Array.isArray(given) ? given : [given]).map((secret) => resolveSecret(option, secret)));
}

function resolveSecret(option: string, secret: unknown): Uint8Array {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
  if (!(bytes instanceof Uint8Array)) throw invalidOption(option, typeof secret, 'a string or bytes, or a list');
  if (bytes.length < MIN_SECRET_BYTES) {
    throw invalidOption(option, `${bytes.length} bytes`, `at least ${MIN_SECRET_BYTES} bytes`);
  }
  return bytes;
}
