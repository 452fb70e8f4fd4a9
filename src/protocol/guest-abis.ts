import { ABI_VERSION, COUNTED_LIMITS, GRANT_KINDS, OUTCOME_FIELDS, PRELUDE_EXPORTS } from '../guest/abi.js';

/**
 * On what host and guest agreed under one version of `guest/abi.ts`, as far as a handler depends on it that waits on an image of that
 * version. What images say of themselves is not here: addresses, features and their scripts.
 */
export interface GuestAbi {
  readonly version: number;
  /** The roots of its images. */
  readonly exports: readonly string[];
  /** In the order in which it takes grants. */
  readonly grantKinds: readonly string[];
  /** In the order in which it takes the usage of earlier segments. */
  readonly countedLimits: readonly string[];
  /** In the order in which its outcome has them. */
  readonly outcomeFields: readonly string[];
}

export const PRESENT_ABI: GuestAbi = {
  version: ABI_VERSION,
  exports: PRELUDE_EXPORTS,
  grantKinds: GRANT_KINDS,
  countedLimits: COUNTED_LIMITS,
  outcomeFields: OUTCOME_FIELDS,
};

const without = (all: readonly string[], ...names: readonly string[]) => all.filter((name) => !names.includes(name));

/**
 * What older versions have otherwise than the present one. A change of the ABI adds an entry for the version before it, and takes what is
 * new out of all others: `test/guest/abi.test.ts` knows what each of them was. What cannot be said so needs a field of its own, and a look
 * at who uses it.
 */
const OLDER: Readonly<Record<number, Partial<Omit<GuestAbi, 'version'>>>> = {
  7: { exports: without(PRELUDE_EXPORTS, 'renew'), grantKinds: without(GRANT_KINDS, 'signal') },
};

/** The versions that this host speaks, the present one first. */
export const KNOWN_ABIS: readonly number[] = [ABI_VERSION, ...Object.keys(OLDER).map(Number).reverse()];

/** @returns undefined if this host does not speak it */
export function guestAbi(version: number): GuestAbi | undefined {
  if (version === ABI_VERSION) return PRESENT_ABI;
  const older = Object.hasOwn(OLDER, version) ? OLDER[version] : undefined;
  return older && { ...PRESENT_ABI, ...older, version };
}
