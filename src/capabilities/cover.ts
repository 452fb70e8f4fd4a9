import type { CapabilityToken } from '../api/capability.js';
import { invalidArgument } from '../config/check.js';
import { Grants } from './grants.js';
import { coversPattern, type ParsedToken, parseToken } from './token.js';

/**
 * Checks capabilities that come from outside the program: a file, a database, a form.
 *
 * @returns a copy, typed
 * @throws NexusError INVALID_ARGUMENT naming the first that is none
 *
 * @example
 * const granted = parseCapabilities(JSON.parse(await readFile('plan.json', 'utf8')));
 */
export function parseCapabilities(tokens: readonly string[]): CapabilityToken[] {
  return read('capabilities', tokens) as CapabilityToken[];
}

/**
 * Whether everything that one list of capabilities allows is allowed by another. For example, whether a tenant's
 * plan suffices for a plug-in: `capabilitiesCover(plan, runtime.inferCapabilities(code))`.
 *
 * @param granted what there is
 * @param needed what is asked for; an empty list is always covered
 * @throws NexusError INVALID_ARGUMENT naming the first string that is no capability
 *
 * @example
 * capabilitiesCover(['state:read:*', 'ext:http'], ['state:read:user', 'ext:http.get']); // true
 * capabilitiesCover(['ext:http.get'], ['ext:http']); // false: it has other methods, too
 */
export function capabilitiesCover(granted: readonly string[], needed: readonly string[]): boolean {
  const grants = Grants.parse(read('granted', granted), 'granted');
  return read('needed', needed).every((token) => {
    const { kind, pattern } = parseToken(token) as ParsedToken;
    const grant = grants.grant(kind);
    // All names of a prefix are covered by every prefix of it, and by nothing else.
    return grant === true || grant.some((one) => coversPattern(kind, one, pattern));
  });
}

/** A copy: what it was checked for cannot change afterwards. */
function read(field: string, tokens: readonly string[]): readonly string[] {
  if (!Array.isArray(tokens)) throw invalidArgument(field, tokens, 'an array of capabilities');
  const copy: readonly string[] = Array.from(tokens);
  Grants.parse(copy, field);
  return copy;
}
