/** How a suspension ended; see `suspension/transitions.ts` for all states and what leads from one to the next. */
export type SettledState = 'completed' | 'failed' | 'continued' | 'cancelled' | 'expired';
export type SuspensionState = 'suspended' | 'resuming' | SettledState;

/**
 * A handler that waits, as data. Of one *run*, an execution from its call to its end, there are as many as times that it
 * suspends: generation 1, 2, 3, …
 *
 * Times are milliseconds since the epoch, whole numbers, everywhere in this file.
 */
export interface StoredSuspension {
  /** `<runId>.<generation>`; a runId is 128 random bits in base64url, 22 characters. Never used a second time. */
  readonly id: string;
  /** Sealed; opaque to the store, and kept as it is given: do not change its bytes. */
  readonly envelope: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** On whose behalf it is kept, for what a tenant may keep; at most 128 characters. It is not sealed, and not secret. */
  readonly tenant?: string;
  /** What a listing shows: plain data, at most 1 MiB as MessagePack. It is not sealed, and not secret. */
  readonly info: Readonly<Record<string, unknown>>;
}

/** What became of a suspension. Recorded once, never changed. */
export interface SuspensionOutcome {
  readonly state: SettledState;
  /** Sealed; opaque to the store. */
  readonly content: Uint8Array;
  readonly settledAtMs: number;
  /** A sweep may forget the outcome, and with it the suspension, from then on. */
  readonly keepUntilMs: number;
}

/** Who resumes a suspension, and for how long nobody else may. */
export interface SuspensionLease {
  /** For people who look for it: a host and a process id, say. */
  readonly owner: string;
  readonly leaseUntilMs: number;
}

export type ClaimAnswer =
  /** It is the caller's until the lease ends. The fence proves it, and is higher than any before it. */
  | { readonly kind: 'claimed'; readonly fence: number; readonly envelope: Uint8Array }
  /** Somebody else's. */
  | { readonly kind: 'leased'; readonly untilMs: number }
  | { readonly kind: 'settled'; readonly outcome: SuspensionOutcome }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' };

export type SettleAnswer =
  /** This outcome is the one. */
  | { readonly kind: 'recorded' }
  /** Another one was first. */
  | { readonly kind: 'settled'; readonly outcome: SuspensionOutcome }
  /** The fence is not the highest any more: the lease lapsed and somebody else has it, or it was given back. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unknown' };

/** A suspension as a store knows it. */
export interface FoundSuspension {
  readonly id: string;
  readonly state: SuspensionState;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly tenant?: string;
  readonly info: Readonly<Record<string, unknown>>;
  /** Absent once it is settled: nobody needs it any more. */
  readonly envelope?: Uint8Array;
  /** While it is resuming; the lease may have lapsed. */
  readonly lease?: SuspensionLease & { readonly fence: number };
  /** Once it is settled. */
  readonly outcome?: SuspensionOutcome;
}

/** One line of a listing. */
export interface SuspensionSummary {
  readonly id: string;
  readonly state: SuspensionState;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly envelopeBytes: number;
  /**
   * What it takes of the store, in bytes: the envelope as long as it is there, and the content of the outcome. Default: `envelopeBytes`
   * until it is settled, 0 from then on.
   */
  readonly storedBytes?: number;
  readonly tenant?: string;
  readonly info: Readonly<Record<string, unknown>>;
}

export interface SuspensionPage {
  readonly suspensions: readonly SuspensionSummary[];
  /** Ids of those whose data is damaged. They are kept, and an operation on them says what is wrong. */
  readonly unreadable: readonly string[];
  /** What to give as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

export interface SuspensionSweep {
  /** Ids of those that this sweep made expired. An expiry is told to one sweep, of all processes. */
  readonly expired: readonly string[];
  /** Settled suspensions that were forgotten, their time of keeping being over. */
  readonly forgotten: number;
  /** Their ids, when there are any. Without them, what they took is counted until the store is listed the next time. */
  readonly forgottenIds?: readonly string[];
  /** Ids of those that seem due and are damaged. They are kept. */
  readonly unreadable: readonly string[];
}

/**
 * Where suspended handlers are kept. `test/suspension/store-conformance.ts` states the contract: every operation happens
 * as if at one instant between its call and its answer, whoever else does what in whichever process, and what was
 * acknowledged outlives the process (a store in memory: does not). The store has no clock, callers bring the time.
 *
 * An id that is none is `unknown`, as one that nobody put. Operations reject with a NexusError: INVALID_ARGUMENT for what
 * cannot be stored, SUSPENSION_INCOMPATIBLE for data that is damaged, RUNTIME_CLOSED after {@link close}, INTERNAL_ERROR
 * for a medium that fails, a full disk, say; then nothing has been acknowledged, and the same call may be made again.
 */
export interface SuspensionStore {
  /**
   * A secret of the store's own, 32 bytes, the same for all who share it. It seals envelopes where there is no
   * `suspensionSecret`. Every handler that suspends waits for it: without an answer in 30 s the store counts as failed.
   */
  key(): Promise<Uint8Array>;

  /**
   * Keeps the first suspension of a run; later generations come with {@link settle}. The same once more is no error.
   *
   * Rejects with INVALID_ARGUMENT when there is another one under its id.
   */
  put(suspension: StoredSuspension): Promise<void>;

  read(id: string): Promise<FoundSuspension | undefined>;

  /** Of any number of claimers at the same time, in any number of processes, one gets it. */
  claim(id: string, lease: SuspensionLease, nowMs: number): Promise<ClaimAnswer>;

  /** Makes the lease end at another time. False when the fence is not the highest any more, or it is settled. */
  renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean>;

  /** Gives it back unfinished, to be claimed at once. False when the fence is not the highest any more, or it is settled. */
  release(id: string, fence: number): Promise<boolean>;

  /**
   * Records what became of it, if nothing is recorded yet.
   *
   * @param fence undefined for 'cancelled' and 'expired' only, which need no claim
   * @param next for 'continued', and only then: the next generation of the run. It is there from the same instant on.
   */
  settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
  ): Promise<SettleAnswer>;

  /**
   * All suspensions, settled ones that are still kept included, by id (code unit order).
   *
   * @param options.after an id, or `next` of a page; it need not be there
   * @param options.limit of the page
   */
  list(options: { readonly after?: string; readonly limit: number }): Promise<SuspensionPage>;

  /** Makes expired what is past its time and not being resumed, forgets what was kept long enough, removes debris. */
  sweep(nowMs: number): Promise<SuspensionSweep>;

  /**
   * Forgets settled suspensions before their time, because their room is needed. Ids that are not settled, or unknown, are passed over.
   * Optional: without it, outcomes count towards `maxSuspendedBytes` until a sweep forgets them.
   */
  forget?(ids: readonly string[]): Promise<void>;

  /** Waits for what is under way. Operations reject from then on. */
  close(): Promise<void>;
}
