import { isPrepared } from '../../api/context.js';
import { encodedBytes, jsonBytes } from '../../api/encoded.js';
import { capabilitiesCover } from '../../capabilities/cover.js';
import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { RENEWAL_FIELDS } from '../../guest/abi.js';
import { encodeFields, readableState } from '../../protocol/context-encoding.js';
import { guestAbi } from '../../protocol/guest-abis.js';
import type { SuspendedRun } from '../suspended-run.js';
import { EncodedGrants } from './encoded-grants.js';
import type { ResumeOptions } from './execute-options.js';

/** What changes for a handler while it waits. */
export interface Renewal {
  /** What it may do from now on. */
  readonly capabilities: readonly string[];
  readonly hasState: boolean;
  /** The argument of the prelude's `renew`; undefined if its version has none: then the host alone knows. */
  readonly encoded: Uint8Array | undefined;
}

/**
 * Checks and encodes what a caller gives a handler anew when it is resumed.
 *
 * @returns undefined if nothing is given
 * @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR; SUSPENSION_INCOMPATIBLE for a state, if the handler was suspended by a version
 *   that cannot take one
 */
export function renewalOf(
  run: SuspendedRun,
  { stateSnapshot, capabilities, toJSON }: ResumeOptions,
  maxBytes: number,
): Renewal | undefined {
  if (stateSnapshot === undefined && capabilities === undefined) return undefined;
  if (capabilities !== undefined) requireFewer(run.capabilities, capabilities);
  const abi = guestAbi(run.abi);
  const takes = abi?.exports.includes('renew') === true;
  const allowed = capabilities === undefined ? run.capabilities : Array.from(capabilities);
  const hasState = stateSnapshot !== undefined;
  if (!takes || abi === undefined) {
    if (hasState) throw takesNoState(run.abi);
    return { capabilities: allowed, hasState, encoded: undefined };
  }
  const grants = EncodedGrants.of(allowed);
  const state = hasState ? readableState(requireState(stateSnapshot), grants.grants.grant('state:read')) : undefined;
  const given = capabilities === undefined ? undefined : grants.forGuest(abi.grantKinds);
  const roots = RENEWAL_FIELDS.map((name) => `options.${name}`);
  const encoded = encodeFields([given, state], roots, { maxBytes, honoursToJson: toJSON === true });
  return { capabilities: allowed, hasState, encoded };
}

function requireFewer(before: readonly string[], given: readonly string[]): void {
  if (!Array.isArray(given)) throw invalidArgument('options.capabilities', given, 'an array of capabilities');
  for (const [index, token] of given.entries()) {
    const field = `options.capabilities[${index}]`;
    if (typeof token !== 'string') throw invalidArgument(field, token, 'a capability');
    if (!capabilitiesCover(before, [token])) {
      throw invalidArgument(
        field,
        token,
        `covered by what the handler had before (${before.join(', ') || 'nothing'}): it can only lose some`,
      );
    }
  }
}

function requireState(given: unknown): object {
  const isPlain = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (isPlain && !isPrepared(given) && encodedBytes(given) === undefined && jsonBytes(given) === undefined)
    return given;
  throw invalidArgument('options.stateSnapshot', given, 'a plain object');
}

function takesNoState(abi: number): NexusError {
  return new NexusError(
    'SUSPENSION_INCOMPATIBLE',
    `The handler was suspended under ABI ${abi}, which takes no stateSnapshot when it is resumed. It is kept; resume it without one.`,
    { context: { field: 'stateSnapshot', abi } },
  );
}
