import type { KeptUsage } from '../metrics/kept-usage.js';

/** How much may be kept, in all and of each tenant that has a name. */
export interface Bound {
  readonly total: number;
  readonly perTenant: number;
}

/** Bounds on what a store keeps. */
export interface KeptBounds {
  /** Handlers that wait; as many recorded outcomes may be kept beside them. */
  readonly suspensions: Bound;
  /** Envelopes and recorded outcomes together. */
  readonly bytes: Bound;
  /** How much of `bytes` recorded outcomes may take, 0 to 1. They make room for handlers that wait in any case. */
  readonly outcomeShare: number;
}

/** How a store behaves, as far as it matters to what is counted. */
export interface KeptTraits {
  /** Whether an envelope stays until the suspension is forgotten, settled or not. */
  readonly retainsEnvelopes: boolean;
  /** Whether outcomes can be forgotten before their time. If not, they take room until they are. */
  readonly forgets: boolean;
}

/** Why one more is not kept. */
export interface KeptRefusal {
  readonly limit: 'maxSuspensions' | 'maxSuspendedBytes';
  readonly scope: keyof Bound;
  /** The bound. */
  readonly value: number;
  /** Of the scope, before. */
  readonly usage: KeptUsage;
  readonly tenant: string | undefined;
}

/** What one suspension takes of a store, as the store tells. */
export type KeptSize =
  | { readonly id: string; readonly isUnchanged: true }
  | {
      readonly id: string;
      readonly isUnchanged?: never;
      readonly tenant: string | undefined;
      /** Of its transitions; absent when the store does not say. */
      readonly version?: number;
      readonly isSettled: boolean;
      readonly bytes: number;
      /** When it was settled, milliseconds since the epoch. */
      readonly atMs: number;
    };

/** The version of an id as of the last census; undefined when it is unknown, or changed since. */
export type KnownVersions = (id: string) => number | undefined;
