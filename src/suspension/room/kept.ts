import type { KeptUsage } from '../../metrics/kept-usage.js';

/** How much may be kept, in total and for each named tenant. */
export interface Bound {
  readonly total: number;
  readonly perTenant: number;
}

/** Limits on the content of a store. */
export interface KeptBounds {
  /** The number of waiting handlers; the same number of recorded outcomes may be kept in addition. */
  readonly suspensions: Bound;
  /** The bytes of envelopes and recorded outcomes together. */
  readonly bytes: Bound;
  /**
   * The share of `bytes` that recorded outcomes may take, 0 to 1. They make room for waiting handlers in any
   * case.
   */
  readonly outcomeShare: number;
}

/** The properties of a store that matter for counting. */
export interface KeptTraits {
  /** Whether an envelope is kept until the suspension is deleted, settled or not. */
  readonly retainsEnvelopes: boolean;
  /** Whether outcomes can be deleted early. If not, they take room until they are deleted. */
  readonly forgets: boolean;
}

/** Why a handler was not kept. */
export interface KeptRefusal {
  readonly limit: 'maxSuspensions' | 'maxSuspendedBytes';
  readonly scope: keyof Bound;
  /** The value of the bound. */
  readonly value: number;
  /** The usage of the scope before. */
  readonly usage: KeptUsage;
  readonly tenant: string | undefined;
}

/** The size of one suspension in a store, as the store reports it. */
export type KeptSize =
  | { readonly id: string; readonly isUnchanged: true }
  | {
      readonly id: string;
      readonly isUnchanged?: never;
      readonly tenant: string | undefined;
      /** The number of its transitions; absent if the store does not report it. */
      readonly version?: number;
      readonly isSettled: boolean;
      readonly bytes: number;
      /** The time when it was settled, in milliseconds since the epoch. */
      readonly atMs: number;
    };

/** The version of an id at the last census; undefined if it is unknown, or has changed since. */
export type KnownVersions = (id: string) => number | undefined;
