import { hostname } from 'node:os';

import { LRUCache } from 'lru-cache';

import type { EventOrigin } from '../api/observing/observer.js';
import type { WasmError, WasmResult } from '../api/result.js';
import type {
  StoredSuspension,
  SuspensionFilter,
  SuspensionStore,
  SuspensionSummary,
} from '../api/suspension-store.js';
import { defaultOf } from '../config/read-option.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { eventOriginOf } from '../execution/origin.js';
import { cancelledResult } from '../execution/result/result.js';
import type { SegmentRun } from '../execution/segment-runner.js';
import type { SuspendedRun } from '../execution/suspended-run.js';
import type { WaitingRun } from '../execution/waiting-run.js';
import type { Telemetry } from '../metrics/telemetry.js';
import { KNOWN_ABIS } from '../protocol/guest-abis.js';
import { debug } from '../support/debug.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { formatSuspensionId, nextSuspensionId, parseSuspensionId } from '../support/run-ids.js';
import { performance } from '../support/timers.js';
import { abortable } from '../support/waiting.js';
import { ClaimTurns } from './claim-turns.js';
import { DurableStore } from './durable/durable-store.js';
import { ExpirySweeps } from './expiry-sweeps.js';
import { HeldLease } from './held-lease.js';
import { type ImageSource, KeptImages } from './images/kept-images.js';
import { openStore } from './open-store.js';
import { type RecordedOutcome, RecordedOutcomes } from './recorded-outcomes.js';
import { currentSuspension } from './replay.js';
import { RunPlaces } from './room/run-places.js';
import { StoreRoom } from './room/store-room.js';
import type { AnsweredCalls } from './sealed/outcome-shape.js';
import { openRun, storedTenant, summarisedOrigin } from './sealed/run-envelope.js';
import { type Settlement, Settlements, type Storage } from './settlements.js';
import { StoreAdmission } from './store-admission.js';
import { ask, PollPauses, sleep } from './store-calls.js';
import { StoreClock } from './store-clock.js';
import {
  busy,
  type CurrentSuspension,
  calledOff,
  expired,
  notFound,
  notKept,
  suspended,
  unkept,
} from './suspension-results.js';

/** Each may have megabytes. Behind them, an answer that comes too late is not told where the run waits. */
const MAX_GENERATIONS_READ = 100;
const MAX_OURS = 10_000;
/** How long a caller waits for another resume, which renews its lease as long as it lives. */
const MAX_WAIT_IN_LEASES = 2;
/** Of suspensions in a page of a listing. */
const LISTED_AT_ONCE = 1_000;
/** A recorded result has names and numbers that it does not have when it leaves the VM. */
const RESULT_GROWTH = 2;
const RESULT_FRAME_BYTES = 4 * 1024 * 1024;

/** A claim on a suspended handler. */
export interface Claim {
  readonly kind: 'claimed';
  readonly id: string;
  readonly run: SuspendedRun;
  /** Aborted if another caller has it now, or it was settled: nothing of what is executed counts. */
  readonly lost: AbortSignal;
  /** After it was lost: the outcome that counts, when there is one. */
  superseded(): Promise<RecordedOutcome>;
  /** Returns the handler unchanged. If the store fails, it is asked again until it answers. */
  release(): Promise<void>;
  /** Records the outcome and returns the one that counts: this one, or one that another caller recorded first. */
  settle(executed: SegmentRun, answers: AnsweredCalls, origin: EventOrigin): Promise<Settlement>;
}

/** How long a claim may wait for another one. */
export interface ClaimOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
  /** Whether it waits at all. @default true */
  readonly wait?: boolean | undefined;
}

/** The caller gave up while it waited for another claim. */
export interface CancelledClaim {
  readonly kind: 'cancelled';
  readonly result: WasmResult;
}

/** A caller's turn to claim a suspension. */
interface ClaimTurn {
  readonly signal: AbortSignal | undefined;
  /** When it called, and until when it may wait, on the clock of `performance.now()`. */
  readonly calledAt: number;
  readonly until: number;
  readonly endTurn: () => void;
}

function cancelledClaim(signal: AbortSignal | undefined): CancelledClaim {
  return { kind: 'cancelled', result: cancelledResult(signal, {}) };
}

/** Suspended handlers between their executions: stores, claims, settles, cancels and forgets them. */
export class Suspensions {
  readonly #config: RuntimeConfig;
  readonly #engine: string;
  readonly #telemetry: Telemetry;
  readonly #environment: RuntimeEnvironment;
  readonly #store: SuspensionStore;
  readonly #room: StoreRoom;
  readonly #outcomes: RecordedOutcomes;
  /** The runs that were started. */
  readonly durable: DurableStore;
  /** For handlers that wait in a `run` and are not in a store. */
  readonly runPlaces: RunPlaces;
  readonly #owner = `${hostname()}:${process.pid}`;
  readonly #closeStore: () => Promise<void>;
  readonly #clock: StoreClock;
  readonly #turns = new ClaimTurns();
  readonly #sweeps: ExpirySweeps;
  readonly #admission: StoreAdmission;
  readonly #settlements: Settlements;
  readonly #images: KeptImages;
  /** Of handlers that this process suspended last: it can resume them. */
  readonly #ours = new LRUCache<string, true>({ max: MAX_OURS });

  constructor(
    config: RuntimeConfig,
    engine: string,
    telemetry: Telemetry,
    environment: RuntimeEnvironment,
    host: ImageSource,
  ) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.#environment = environment;
    this.#engine = engine;
    const opened = openStore(config.suspension.place, maxDataBytes(config));
    this.#store = opened.store;
    this.#room = new StoreRoom(opened, config.suspension);
    this.runPlaces = new RunPlaces(config.suspension);
    this.#closeStore = () => opened.close();
    const clock = new StoreClock(opened.store, environment);
    this.#clock = clock;
    this.#outcomes = new RecordedOutcomes(config.suspension, opened.store, clock);
    this.#images = new KeptImages({
      ...{ store: opened.store, outcomes: this.#outcomes, clock, telemetry, engine, host },
      isShared: config.suspension.place !== 'memory',
      memoryLimitBytes: config.limits.memoryLimitBytes,
    });
    const { sweepMs } = config.suspension;
    this.#sweeps = new ExpirySweeps(opened.store, this.#room, telemetry, clock, sweepMs, this.#images);
    const parts = {
      store: this.#store,
      room: this.#room,
      outcomes: this.#outcomes,
      sweeps: this.#sweeps,
      telemetry,
      clock,
      images: this.#images,
    };
    this.#admission = new StoreAdmission({ ...parts, bounds: config.suspension });
    this.durable = new DurableStore({ ...parts, config, engine });
    this.#settlements = new Settlements({ ...parts, admission: this.#admission });
    // Handlers that other processes left behind expire, too.
    if (config.suspension.place !== 'memory') this.#sweeps.begin();
  }

  /** The handlers that wait and that this process suspended, as far as it knows. */
  get active(): number {
    return this.#room.own;
  }

  /** The deployments whose handlers can be resumed here. */
  deployments(): Promise<readonly string[]> {
    return this.#images.deployments();
  }

  /** What the store holds, and what it had no room for. */
  get room(): Pick<StoreRoom, 'usage' | 'refused' | 'evicted'> {
    return this.#room;
  }

  /** Stores a handler that waits. The result has its id, or an error with the effects if it could not be stored. */
  async keep({ result, runId }: SegmentRun, waiting: WaitingRun, origin: EventOrigin): Promise<WasmResult> {
    const id = formatSuspensionId({ runId: runId ?? this.#environment.newRunId(), generation: 1 });
    let kept: StoredSuspension | { readonly error: WasmError };
    try {
      kept = await this.#admission.admit(id, waiting);
      if ('error' in kept) return unkept(result, kept.error, waiting.run.origin);
      await this.#store.put(kept);
    } catch (error) {
      this.#room.withdraw(id);
      return unkept(result, notKept(error), waiting.run.origin);
    }
    this.#room.confirm(id);
    this.#ours.set(id, true);
    this.#admission.note(kept, origin);
    return suspended(result, waiting, kept);
  }

  /**
   * Claims a suspended handler. Waits for another caller that has it.
   *
   * @returns the recorded outcome if it was settled before; CANCELLED if the signal fires first
   * @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED, SUSPENSION_INCOMPATIBLE, SUSPENSION_BUSY, INTERNAL_ERROR
   */
  async claim(
    id: string,
    { signal, deadlineMs = Number.POSITIVE_INFINITY, wait = true }: ClaimOptions = {},
  ): Promise<Claim | RecordedOutcome | CancelledClaim> {
    const calledAt = performance.now();
    if (!wait && this.#turns.isTaken(id)) throw busy(id, 0);
    const maxWaitMs = wait ? Math.min(deadlineMs, MAX_WAIT_IN_LEASES * this.#config.suspension.leaseMs) : 0;
    const endTurn = await this.#turns.enter(id, maxWaitMs, signal);
    if (endTurn === 'late') throw busy(id, performance.now() - calledAt);
    if (endTurn === 'aborted') return cancelledClaim(signal);
    try {
      await this.#requireOurs(id);
      const claim = await this.#claimInTurn(id, { signal, until: calledAt + maxWaitMs, calledAt, endTurn });
      if (claim.kind !== 'claimed') endTurn();
      return claim;
    } catch (error) {
      endTurn();
      throw error;
    }
  }

  /** What cannot be resumed here is not claimed. What cannot be read is for the claim to report. */
  async #requireOurs(id: string): Promise<void> {
    if (this.#ours.has(id)) return;
    const found = await ask(() => this.#store.read(id)).catch(() => undefined);
    if (found?.envelope !== undefined) await this.#images.require(id, found.deployment);
  }

  async #claimInTurn(
    id: string,
    { signal, until, calledAt, endTurn }: ClaimTurn,
  ): Promise<Claim | RecordedOutcome | CancelledClaim> {
    const pauses = new PollPauses();
    for (;;) {
      if (signal?.aborted) return cancelledClaim(signal);
      const nowMs = await this.#clock.current();
      const lease = { owner: this.#owner, leaseUntilMs: nowMs + this.#config.suspension.leaseMs };
      const answer = await ask(() => this.#store.claim(id, lease, nowMs));
      if (debug.suspension.hasSubscribers)
        debug.suspension.publish({ step: 'claim', suspensionId: id, answer: answer.kind });
      switch (answer.kind) {
        case 'claimed':
          return this.#claimed(id, answer.fence, answer.envelope, endTurn);
        case 'settled':
          await this.#room.record(id, answer.outcome.content.length, answer.outcome.settledAtMs);
          return this.#outcomes.open(id, answer.outcome);
        case 'expired':
          await this.#room.record(id, 0, nowMs);
          throw expired(id);
        case 'unknown':
          this.#room.forget(id);
          throw notFound(id);
        case 'leased': {
          const at = performance.now();
          if (at >= until) throw busy(id, at - calledAt);
          await abortable(() => sleep(pauses.next(answer.untilMs - nowMs)), signal);
          continue;
        }
        default:
          throw answer satisfies never;
      }
    }
  }

  /**
   * The suspension at which a run waits now.
   *
   * @param id the id of a settled suspension
   * @returns undefined if the run has ended, or is no longer known
   */
  async currentOf(id: string): Promise<CurrentSuspension | undefined> {
    let current = parseSuspensionId(id);
    for (let read = 0; current !== undefined && read < MAX_GENERATIONS_READ; read++) {
      const at = formatSuspensionId(current);
      const found = await ask(() => this.#store.read(at));
      if (found === undefined) return undefined;
      if (found.outcome === undefined) return currentSuspension(at, found.info);
      if (found.outcome.state !== 'continued') return undefined;
      current = parseSuspensionId(nextSuspensionId(current));
    }
    return undefined;
  }

  /** @returns whether this call cancelled it: false if it is already settled, or unknown */
  async cancel(id: string): Promise<boolean> {
    const storage = await this.#storageOf(id);
    await this.#clock.current();
    const outcome = await this.#outcomes.sealPlain(id, 'cancelled', calledOff(id));
    const answer = await ask(() => this.#store.settle(id, undefined, outcome));
    if (answer.kind === 'recorded') {
      await this.#room.record(id, outcome.content.length, outcome.settledAtMs);
      if (storage) this.#telemetry.storage(storage.origin, storage.bytes, outcome.settledAtMs - storage.sinceMs);
    }
    if (debug.suspension.hasSubscribers)
      debug.suspension.publish({ step: 'cancel', suspensionId: id, answer: answer.kind });
    if (answer.kind === 'settled')
      await this.#room.record(id, answer.outcome.content.length, answer.outcome.settledAtMs);
    if (answer.kind === 'unknown') this.#room.forget(id);
    return answer.kind === 'recorded';
  }

  /** What is known of a suspended handler without opening it; undefined if nothing counts it. */
  async #storageOf(id: string): Promise<Storage | undefined> {
    if (!this.#telemetry.countsStorage) return undefined;
    // One that is damaged can be cancelled all the same.
    const found = await ask(() => this.#store.read(id)).catch(() => undefined);
    return (
      found?.envelope && { origin: summarisedOrigin(found), bytes: found.envelope.length, sinceMs: found.createdAtMs }
    );
  }

  async *list(filter: SuspensionFilter = {}): AsyncGenerator<SuspensionSummary> {
    let after: string | undefined;
    do {
      const from = after === undefined ? {} : { after };
      const page = await ask(() => this.#store.list({ ...filter, limit: LISTED_AT_ONCE, ...from }));
      yield* page.suspensions;
      after = page.next;
    } while (after !== undefined);
  }

  async inspect(id: string): Promise<SuspensionSummary | undefined> {
    const found = await ask(() => this.#store.read(id));
    if (found === undefined) return undefined;
    const { envelope, lease: _, outcome: __, ...summary } = found;
    return { ...summary, envelopeBytes: envelope?.length ?? 0 };
  }

  async close(): Promise<void> {
    this.#sweeps.close();
    await ask(() => this.#closeStore());
  }

  async #claimed(id: string, fence: number, envelope: Uint8Array, endTurn: () => void): Promise<Claim> {
    const { leaseMs } = this.#config.suspension;
    const parts = { store: this.#store, clock: this.#clock, telemetry: this.#telemetry, leaseMs };
    const lease = new HeldLease(parts, id, fence);
    const release = async () => {
      if (debug.suspension.hasSubscribers) debug.suspension.publish({ step: 'released', suspensionId: id });
      await lease.release();
      endTurn();
    };
    try {
      const { memoryLimitBytes } = this.#config.limits;
      const bounds = { abis: KNOWN_ABIS, engine: this.#engine, memoryLimitBytes };
      const found = await openRun(id, envelope, await this.#outcomes.keys(), bounds);
      const opened = await this.#images.withImage(id, found);
      const run = this.#clock.opened(opened);
      this.#room.note(id, storedTenant(run.tenant), envelope.length);
      const storage = {
        origin: eventOriginOf(run.origin, run.tenant),
        bytes: envelope.length,
        sinceMs: run.suspendedAtMs,
      };
      const superseded = async () => {
        lease.end();
        endTurn();
        return this.#settlements.superseding(id, { kind: 'fenced' });
      };
      const settle = async (executed: SegmentRun, answers: AnsweredCalls, origin: EventOrigin) => {
        try {
          const settled = await this.#settlements.settle({ id, fence, storage }, executed, answers, origin);
          const { suspension } = settled.result;
          if (suspension !== undefined) this.#ours.set(suspension.suspensionId, true);
          return settled;
        } catch (error) {
          // If nothing was recorded, it can be resumed again at once.
          await release();
          throw error;
        } finally {
          lease.end();
          endTurn();
        }
      };
      return { kind: 'claimed', id, run, lost: lease.lost, superseded, release, settle };
    } catch (error) {
      await release();
      throw error;
    }
  }
}

/**
 * The size of an envelope and an outcome together: what any process with these options may have written, and at
 * least what is possible with the defaults.
 */
function maxDataBytes({ suspension, ceilings }: RuntimeConfig): number {
  const envelope = Math.max(suspension.maxBytes, defaultOf('maxSuspensionBytes'));
  const result = Math.max(ceilings.maxResultBytes, defaultOf('maxResultBytes'));
  return envelope + RESULT_GROWTH * result + 4 * ceilings.maxLogBytes + RESULT_FRAME_BYTES;
}
