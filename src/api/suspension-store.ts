/** How a suspension ended; see `suspension/transitions.ts` for all states and transitions. */
export type SettledState = 'completed' | 'failed' | 'continued' | 'cancelled' | 'expired';
export type SuspensionState = 'suspended' | 'resuming' | SettledState;

/**
 * A waiting handler as data. A *run*, an execution from its call to its end, has one for each time that it is
 * suspended: generation 1, 2, 3, …
 *
 * Times are milliseconds since the epoch, whole numbers, everywhere in this file.
 */
export interface StoredSuspension {
  /** `<runId>.<generation>`; a runId is 128 random bits in base64url, 22 characters. Never reused. */
  readonly id: string;
  /** Sealed and opaque to the store, which must not change its bytes. */
  readonly envelope: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The tenant, for limits per tenant; at most 128 characters. Neither sealed nor secret. */
  readonly tenant?: string;
  /** From then on, {@link SuspensionStore.due} returns it. @default never, but for messages to its run */
  readonly dueAtMs?: number;
  /** Who can resume it: at most 64 characters, A–Z, a–z, 0–9, `_` and `-`. Neither sealed nor secret. @default unknown */
  readonly deployment?: string;
  /** The content of a listing: plain data, at most 1 MiB as MessagePack. Neither sealed nor secret. */
  readonly info: Readonly<Record<string, unknown>>;
}

/** Something that is told to a run, whichever suspension it is at. */
export interface StoredMessage {
  /** Distinguishes it from all others of its run; up to 128 characters. The same id is accepted once. */
  readonly id: string;
  /** Sealed and opaque to the store; up to 16 MiB. */
  readonly content: Uint8Array;
}

/** What became of a message. */
export type PostAnswer =
  /** It is in the mailbox of the run. */
  | 'accepted'
  /** It was accepted before, and may have been consumed. A store remembers the last 10,000 that were. */
  | 'duplicate'
  /** The mailbox has 1,000 messages, or 64 MiB: post it again later. */
  | 'full'
  /** The run has ended. */
  | 'ended'
  /** There is no such run. */
  | 'unknown';

/** A suspension that somebody should resume now. */
export interface DueSuspension {
  readonly id: string;
  readonly tenant?: string;
  readonly deployment?: string;
}

/** The outcome of a suspension. Recorded once, never changed. */
export interface SuspensionOutcome {
  readonly state: SettledState;
  /** Sealed and opaque to the store. */
  readonly content: Uint8Array;
  readonly settledAtMs: number;
  /** From then on, a sweep may delete the outcome together with its suspension. */
  readonly keepUntilMs: number;
}

/** The process that resumes a suspension, and until when no other may. */
export interface SuspensionLease {
  /** For diagnostics, for example a host and a process id. */
  readonly owner: string;
  readonly leaseUntilMs: number;
}

export type ClaimAnswer =
  /**
   * It belongs to the caller until the lease ends. The fence proves this, and is higher than any before it. It does not come again for this id,
   * even if the run is erased or forgotten and another one is stored under the id: for example, the first fence is random.
   */
  | {
      readonly kind: 'claimed';
      readonly fence: number;
      readonly envelope: Uint8Array;
      /** Those of its run that no outcome has consumed, in the order in which they were accepted. */
      readonly messages: readonly StoredMessage[];
      /** When it was due. */
      readonly dueAtMs?: number;
      /** How many claims before it lapsed, one after the other, since it was stored or released. */
      readonly losses: number;
    }
  /** Another process holds the lease. */
  | { readonly kind: 'leased'; readonly untilMs: number }
  | { readonly kind: 'settled'; readonly outcome: SuspensionOutcome }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' };

export type SettleAnswer =
  /** This outcome was recorded. */
  | { readonly kind: 'recorded' }
  /** Another outcome was recorded before. */
  | { readonly kind: 'settled'; readonly outcome: SuspensionOutcome }
  /** The fence is no longer the highest: the lease lapsed and another process has it, or it was released. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unknown' };

/** A suspension as a store returns it. */
export interface FoundSuspension {
  readonly id: string;
  readonly state: SuspensionState;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly tenant?: string;
  /** Absent once it is settled. */
  readonly dueAtMs?: number;
  readonly deployment?: string;
  readonly info: Readonly<Record<string, unknown>>;
  /** Absent once it is settled. */
  readonly envelope?: Uint8Array;
  /** Present while it is being resumed; the lease may have lapsed. */
  readonly lease?: SuspensionLease & { readonly fence: number };
  /** Present once it is settled. */
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
   * Its size in the store, in bytes: the envelope while it exists, and the content of the outcome. Default:
   * `envelopeBytes` until it is settled, then 0.
   */
  readonly storedBytes?: number;
  readonly tenant?: string;
  /** As it was stored: a release may have changed it. */
  readonly dueAtMs?: number;
  readonly deployment?: string;
  readonly info: Readonly<Record<string, unknown>>;
}

/** One image in a store. */
export interface StoredImage {
  readonly id: string;
  /** Of its content. */
  readonly bytes: number;
  /** When it was last put, by the clock of the caller that put it. */
  readonly putAtMs: number;
}

/**
 * The base images on which suspended handlers wait, some 80 KB each: with them, a later version of the library resumes what an
 * earlier one suspended. There are a few at a time, and the caller bounds them. Operations reject as those of {@link SuspensionStore} do.
 */
export interface StoredImages {
  /**
   * Keeps an image. The same id again replaces it, whatever its content, and is how a process says that it still uses it.
   *
   * @param id 1 to 64 of A–Z, a–z, 0–9, `_` and `-`; another one is INVALID_ARGUMENT
   * @param content sealed and opaque to the store; up to 16 MiB, else INVALID_ARGUMENT
   */
  put(id: string, content: Uint8Array, nowMs: number): Promise<void>;

  /** Undefined if there is none. */
  get(id: string): Promise<Uint8Array | undefined>;

  /** All of them, sorted by id (code unit order). */
  list(): Promise<readonly StoredImage[]>;

  /**
   * Deletes an image, unless it was put again.
   *
   * @param putAtMs as {@link list} had it
   * @returns whether it was deleted
   */
  delete(id: string, putAtMs: number): Promise<boolean>;
}

/** What a listing shows. Without a field, it is not filtered by that. */
export interface SuspensionFilter {
  readonly states?: readonly SuspensionState[];
  readonly tenant?: string;
  readonly deployment?: string;
}

export interface SuspensionPage {
  readonly suspensions: readonly SuspensionSummary[];
  /** Ids of suspensions with damaged data. They are kept, and operations on them report the damage. */
  readonly unreadable: readonly string[];
  /** The value of `after` for the next page; absent on the last page. */
  readonly next?: string;
}

export interface SuspensionSweep {
  /** Ids of suspensions that this sweep expired. Each expiry is reported by one sweep of all processes. */
  readonly expired: readonly string[];
  /** The number of settled suspensions that were deleted because they were kept long enough. */
  readonly forgotten: number;
  /** Their ids, if there are any. Without them, their size is counted until the store is listed again. */
  readonly forgottenIds?: readonly string[];
  /** Ids of suspensions that seem due and are damaged. They are kept. */
  readonly unreadable: readonly string[];
  /** The value of `after` for the next call; absent when nothing is left to look at. */
  readonly next?: string;
}

export interface SweepOptions {
  /** How many suspensions one call expires or deletes; those of one run are done together, beyond it. @default no limit */
  readonly limit?: number;
  /** `next` of the call before. @default from the start */
  readonly after?: string;
}

/** Who uses a store. */
export interface StoreUser {
  /**
   * An id for each of its `suspensionSecret`, derived from it, 32 lower-case hexadecimal digits; the first one seals. Empty without
   * `suspensionSecret`.
   */
  readonly secretIds: readonly string[];
}

/**
 * Stores suspended handlers. `nexus-runtime/testing/store` tests the contract: every operation is
 * atomic with respect to all other operations in all processes, and acknowledged data outlives the process
 * (except for a store in memory). The store has no clock; callers pass the time.
 *
 * A malformed id is `unknown`, like an id that was never stored. Operations reject with a NexusError:
 * INVALID_ARGUMENT for what cannot be stored, SUSPENSION_INCOMPATIBLE for data that is damaged,
 * RUNTIME_CLOSED after {@link close}, INTERNAL_ERROR for a medium that fails, for example a full disk.
 * Nothing was acknowledged in this case, and the same call may be repeated.
 */
export interface SuspensionStore {
  /**
   * Called by `createRuntime`, which waits for it, and rejects as it does. Optional: a store that others reach over a network finds out
   * here that it cannot be used as it was configured. It may be called by several runtimes, and need not be called at all.
   *
   * Rejects with INVALID_CONFIG for what the application must change, with INTERNAL_ERROR for a server that does not answer.
   */
  open?(user: StoreUser): Promise<void>;

  /**
   * A secret of the store's own, 32 bytes, the same for all who share it. It seals envelopes where there is no
   * `suspensionSecret`. Every handler that suspends waits for it: without an answer in 30 s the store counts as failed.
   */
  key(): Promise<Uint8Array>;

  /**
   * Stores the first suspension of a run; later generations are stored by {@link settle}. Storing the same
   * suspension again is not an error.
   *
   * Rejects with INVALID_ARGUMENT if another suspension has this id, it is settled, or a later generation of its run is in the store: the id of
   * a run is taken as long as {@link current} finds anything of it.
   */
  put(suspension: StoredSuspension): Promise<void>;

  read(id: string): Promise<FoundSuspension | undefined>;

  /** Of any number of concurrent claimers, in any number of processes, one succeeds. */
  claim(id: string, lease: SuspensionLease, nowMs: number): Promise<ClaimAnswer>;

  /** Changes the end of the lease. False if the fence is no longer the highest, or the suspension is settled. */
  renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean>;

  /**
   * Releases the lease without an outcome, so that it can be claimed at once. False if the fence is no longer
   * the highest, or the suspension is settled.
   *
   * @param next when it is due again: then, or when a message comes that was not among those of the claim. Default: as before the claim
   */
  release(id: string, fence: number, next?: { readonly dueAtMs?: number }): Promise<boolean>;

  /**
   * Records the outcome, if none is recorded yet.
   *
   * @param fence undefined only for 'cancelled' and 'expired', which need no claim
   * @param next for 'continued', and only then: the next generation of the run, stored atomically with the
   *   outcome
   * @param consumed ids of messages of the run that are in the outcome: atomically with it, they are no longer in the mailbox. Others are
   *   ignored
   */
  settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
    consumed?: readonly string[],
  ): Promise<SettleAnswer>;

  /**
   * The last generation of a run, settled or not, and never one that was continued as another; undefined if nothing of the run is in the store.
   */
  current(runId: string): Promise<FoundSuspension | undefined>;

  /**
   * Puts a message into the mailbox of a run, which makes its present suspension due. Accepted ones stay until an outcome consumes them or the
   * run is forgotten, through all generations.
   */
  post(runId: string, message: StoredMessage): Promise<PostAnswer>;

  /**
   * What is in the mailbox of a run, in order: for the caller that has claimed it and waits for more.
   *
   * @param known ids of messages that the caller has already: these are left out. @default none
   */
  messages(runId: string, known?: readonly string[]): Promise<readonly StoredMessage[]>;

  /**
   * Suspensions to resume now. One is due if nobody holds its lease, and its time has come or there is a message that the last claim did not
   * have. If its claimant died, it is due again when the lease has lapsed. The longest due come first, as far as the store knows.
   *
   * @param options.limit of suspensions to give
   * @param options.deployment gives only those of it; default: all
   */
  due(
    nowMs: number,
    options: { readonly limit: number; readonly deployment?: string },
  ): Promise<readonly DueSuspension[]>;

  /**
   * Lists all suspensions, including settled ones that are still kept, sorted by id (code unit order).
   *
   * A page may have fewer than `limit`, or none, although others follow: a store need not search for the few that a filter lets through.
   *
   * @param options.after an id, or `next` of a page; it need not exist
   * @param options.limit the size of the page
   */
  list(options: SuspensionFilter & { readonly after?: string; readonly limit: number }): Promise<SuspensionPage>;

  /**
   * Expires suspensions that are past their time and not being resumed, deletes what was kept long enough,
   * and removes debris. With a limit, it does part of it, and the answer says where to go on.
   */
  sweep(nowMs: number, options?: SweepOptions): Promise<SuspensionSweep>;

  /**
   * Deletes settled suspensions early, because their room is needed. Ids that are unknown or not settled are
   * ignored. Optional: without it, outcomes count towards `maxSuspendedBytes` until a sweep deletes them.
   */
  forget?(ids: readonly string[]): Promise<void>;

  /**
   * Deletes runs in whatever state they are: all generations, outcomes and messages, damaged ones too. Ids that are unknown or malformed are
   * ignored. Who has claimed one of them has lost it: `renew` is false, {@link settle} is `unknown`, {@link post} is `unknown` or `ended`.
   * If it fails, some may be left, and it may be repeated.
   *
   * @param runIds the part of an id before its generation
   */
  erase(runIds: readonly string[]): Promise<void>;

  /**
   * The time, in milliseconds since the epoch, by one clock for all who share the store. Optional: without it, each process passes the time
   * of its own clock, and these should agree to well within `leaseMs`. It is asked once a minute, again if the answer was slow, and added to
   * the process's clock as an offset. May have a fraction.
   */
  time?(): Promise<number>;

  /**
   * Where base images are kept. Optional: without it, only processes with the same version of the library and the same libraries resume
   * what waits.
   */
  readonly images?: StoredImages;

  /** Waits for pending operations. Further operations reject. Who made the store calls it. */
  close(): Promise<void>;
}
