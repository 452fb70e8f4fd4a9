import { LRUCache } from 'lru-cache';
import type { CapabilityKind } from '../../api/capability.js';
import type { ExecutionLimits } from '../../api/limits.js';
import { Grants } from '../../capabilities/grants.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import { invalidArgument } from '../../config/check.js';
import { COUNTED_LIMITS, GRANT_KINDS } from '../../guest/abi.js';
import { type Grant, hasInnerStar } from '../../protocol/grant.js';

/** Logging needs no capability; it is only limited. */
const LOGGING_GRANT: Grant = true;

const encoder = new ValueEncoder();
/** Applications pass the same list again and again. */
const known = new WeakMap<readonly string[], EncodedGrants>();
/** Servers read the same tokens again and again, into new lists. */
const byTokens = new LRUCache<string, EncodedGrants>({ max: 128 });
const MAX_KNOWN_TOKENS = 64;
const MAX_KNOWN_CHARACTERS = 4_096;

/** What the guest is to do beside keeping to rights and limits. */
export interface GuestManners {
  /** Note which keys of the state it reads. */
  readonly isAudited: boolean;
  /** Pass on what `toJSON` says in place of a value that has it. */
  readonly honoursToJson: boolean;
  /** Leave out lines of log beyond `maxLogBytes`, not end with an error. */
  readonly cutsLog: boolean;
  /** After the end, wait for all calls, not only for those of the last segment. */
  readonly awaitsAll: boolean;
}

/**
 * The grants of a list of capabilities: for the host, and encoded for the guest. Handlers are called with the
 * same grants again and again, so they are a separate document, which an image can include.
 */
export class EncodedGrants {
  readonly grants: Grants;
  readonly #tokens: readonly string[];
  #encoded: Uint8Array | undefined;
  #limits: readonly number[] = [];
  #timerLimits: readonly number[] = [];
  #manners: GuestManners = { isAudited: false, honoursToJson: false, cutsLog: true, awaitsAll: false };

  /** @throws NexusError INVALID_ARGUMENT naming the token that does not follow the grammar */
  static of(capabilities: readonly string[]): EncodedGrants {
    if (!Array.isArray(capabilities)) throw invalidArgument('context.capabilities', capabilities, 'an array of tokens');
    const before = known.get(capabilities);
    if (before?.isOf(capabilities)) return before;
    const key = keyOf(capabilities);
    const equal = key === undefined ? undefined : byTokens.get(key);
    const encodedGrants = equal?.isOf(capabilities) ? equal : EncodedGrants.#parse(capabilities);
    known.set(capabilities, encodedGrants);
    if (key !== undefined) byTokens.set(key, encodedGrants);
    return encodedGrants;
  }

  static #parse(capabilities: readonly string[]): EncodedGrants {
    // A copy, which later lists are compared with.
    const tokens = Array.from(capabilities);
    return new EncodedGrants(tokens, Grants.parse(tokens));
  }

  private constructor(tokens: readonly string[], grants: Grants) {
    this.#tokens = tokens;
    this.grants = grants;
  }

  /** Whether the list is the same as when it was parsed. */
  isOf(capabilities: readonly string[]): boolean {
    if (capabilities.length !== this.#tokens.length) return false;
    for (let i = 0; i < capabilities.length; i++) if (capabilities[i] !== this.#tokens[i]) return false;
    return true;
  }

  /** Encodes the argument of the prelude's `setGrants`. */
  encode(limits: ExecutionLimits, manners: GuestManners): Uint8Array {
    if (this.#encoded !== undefined && this.#hasManners(manners) && this.#hasLimits(limits)) return this.#encoded;
    const { isAudited, honoursToJson, cutsLog, awaitsAll } = manners;
    this.#limits = COUNTED_LIMITS.map((name) => limits[name]);
    this.#timerLimits = [limits.maxTimers, limits.maxSleepMs];
    this.#manners = manners;
    const asked = [isAudited, honoursToJson, cutsLog, awaitsAll];
    const encodedGrants = [this.forGuest(GRANT_KINDS), this.#limits, ...asked, ...this.#timerLimits];
    this.#encoded = encoder.encode(encodedGrants, 'encodedGrants');
    return this.#encoded;
  }

  #hasManners({ isAudited, honoursToJson, cutsLog, awaitsAll }: GuestManners): boolean {
    const before = this.#manners;
    return (
      isAudited === before.isAudited &&
      honoursToJson === before.honoursToJson &&
      cutsLog === before.cutsLog &&
      awaitsAll === before.awaitsAll
    );
  }

  #hasLimits(limits: ExecutionLimits): boolean {
    for (let i = 0; i < COUNTED_LIMITS.length; i++) {
      if (this.#limits[i] !== limits[COUNTED_LIMITS[i] as keyof ExecutionLimits]) return false;
    }
    return this.#timerLimits[0] === limits.maxTimers && this.#timerLimits[1] === limits.maxSleepMs;
  }

  /** @param kinds in the order in which the guest takes them */
  forGuest(kinds: readonly string[]) {
    return kinds.map((kind) =>
      namesAndPrefixes(kind === 'log' ? LOGGING_GRANT : this.grants.grant(kind as CapabilityKind)),
    );
  }
}

/** Undefined if it is too large to be kept, or no list of strings. */
function keyOf(capabilities: readonly string[]): string | undefined {
  if (capabilities.length > MAX_KNOWN_TOKENS || !capabilities.every((token) => typeof token === 'string'))
    return undefined;
  const key = capabilities.join('\n');
  return key.length > MAX_KNOWN_CHARACTERS ? undefined : key;
}

/** Split here, so that the guest need not parse patterns. */
function namesAndPrefixes(grant: Grant): true | GuestGrant {
  if (grant === true) return true;
  const isPrefix = (pattern: string) => pattern.endsWith('*') && !hasInnerStar(pattern);
  const inTwoParts = grant.filter(hasInnerStar).map((pattern): [string, string, boolean] => {
    const at = pattern.indexOf('*:');
    const host = pattern.slice(at + 2);
    return host.endsWith('*') ? [pattern.slice(0, at), host.slice(0, -1), true] : [pattern.slice(0, at), host, false];
  });
  return [
    grant.filter((pattern) => !pattern.endsWith('*') && !hasInnerStar(pattern)),
    grant.filter(isPrefix).map((pattern) => pattern.slice(0, -1)),
    ...(inTwoParts.length > 0 ? [inTwoParts] : []),
  ];
}

/** Last, if there are any: the beginning of the first part, the second part, and whether that is a beginning, too. */
type GuestGrant = (string[] | [string, string, boolean][])[];
