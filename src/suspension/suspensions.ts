import { hostname } from 'node:os';
import type { EventOrigin } from '../api/observer.js';
import type { WasmError, WasmResult } from '../api/result.js';
import type {
  SettleAnswer,
  StoredSuspension,
  SuspensionOutcome,
  SuspensionStore,
  SuspensionSummary,
} from '../api/suspension-store.js';
import { DEFAULT_MAX_RESULT_BYTES, DEFAULT_MAX_SUSPENSION_BYTES } from '../config/defaults.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { eventOriginOf, type Origin } from '../execution/origin.js';
import { cancelledResult } from '../execution/result/result.js';
import type { SegmentRun, WaitingRun } from '../execution/segment-runner.js';
import type { SuspendedRun } from '../execution/suspended-run.js';
import { ABI_VERSION } from '../guest/abi.js';
import type { Telemetry } from '../metrics/telemetry.js';
import { debug } from '../support/debug.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { formatSuspensionId, nextSuspensionId, parseSuspensionId } from '../support/run-ids.js';
import { performance, repeatForApplication } from '../support/timers.js';
import { abortable } from '../support/waiting.js';
import { ActiveSuspensions } from './active-suspensions.js';
import { openStore } from './open-store.js';
import { type RecordedOutcome, RecordedOutcomes } from './recorded-outcomes.js';
import { RunPlaces } from './run-places.js';
import type { AnsweredCalls } from './sealed/outcome-shape.js';
import { openRun, sealRun, storedTenant, summarisedOrigin, summariseRun } from './sealed/run-envelope.js';
import { ask, offer, sleep } from './store-calls.js';
import { StoreRoom } from './store-room.js';
import {
  busy,
  calledOff,
  expired,
  lostLease,
  noRoom,
  notFound,
  notKept,
  notRecorded,
  suspended,
  tooLarge,
  tooManyCalls,
  unkept,
  withoutValues,
} from './suspension-results.js';

/** Renewed long before it ends. If a process dies, others can claim its handlers after this time. */
const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;
/** How often a caller that waits for another resume checks whether it is done. */
const POLL_MS = 100;
/** How long a caller waits for another resume, which renews its lease as long as it lives. */
const MAX_WAIT_MS = 2 * LEASE_MS;
/** A recorded result has names and numbers that it does not have when it leaves the VM. */
const RESULT_GROWTH = 2;
const RESULT_FRAME_BYTES = 4 * 1024 * 1024;

/** What is counted of a suspended handler when it is no longer stored. */
interface Storage {
  readonly origin: EventOrigin;
  readonly bytes: number;
  readonly sinceMs: number;
}

/** The outcome of a claim. */
export interface Settlement {
  /** The result that counts. */
  readonly result: WasmResult;
  /** Present if another caller's outcome was recorded first: then that is the result. */
  readonly superseding?: RecordedOutcome;
}

/** How a segment ended, as it is recorded. */
interface SegmentEnd {
  readonly result: WasmResult;
  readonly outcome: SuspensionOutcome;
  /** Present if the handler waits again. */
  readonly next?: StoredSuspension;
}

/** A claim on a suspended handler. */
export interface Claim {
  readonly kind: 'claimed';
  readonly id: string;
  readonly run: SuspendedRun;
  /** Returns the handler unchanged. If that fails, the lease expires. */
  release(): Promise<void>;
  /** Records the outcome and returns the one that counts: this one, or one that another caller recorded first. */
  settle(executed: SegmentRun, answers: AnsweredCalls, origin: EventOrigin): Promise<Settlement>;
}

/** How long a claim may wait for another one. */
export interface ClaimOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

/** The caller gave up while it waited for another claim. */
export interface CancelledClaim {
  readonly kind: 'cancelled';
  readonly result: WasmResult;
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
  /** For handlers that wait in a `run` and are not in a store. */
  readonly runPlaces: RunPlaces;
  readonly #owner = `${hostname()}:${process.pid}`;
  readonly #active: ActiveSuspensions;

  constructor(config: RuntimeConfig, engine: string, telemetry: Telemetry, environment: RuntimeEnvironment) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.#environment = environment;
    this.#engine = engine;
    const opened = openStore(config.suspension.place, maxDataBytes(config));
    this.#store = opened.store;
    this.#room = new StoreRoom(opened, config.suspension);
    this.runPlaces = new RunPlaces(config.suspension);
    this.#outcomes = new RecordedOutcomes(config.suspension.secrets, opened.store, environment);
    this.#active = new ActiveSuspensions(opened.store, this.#room, telemetry, environment);
    // Handlers that other processes left behind expire, too.
    if (config.suspension.place !== 'memory') this.#active.sweepFromNowOn();
  }

  get active(): number {
    return this.#active.count;
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
      kept = await this.#admit(id, waiting);
      if ('error' in kept) return unkept(result, kept.error, waiting.run.origin);
      await this.#store.put(kept);
    } catch (error) {
      this.#room.withdraw(id);
      return unkept(result, notKept(error), waiting.run.origin);
    }
    this.#room.confirm(id);
    this.#noteKept(kept, origin);
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
    { signal, deadlineMs = Number.POSITIVE_INFINITY }: ClaimOptions = {},
  ): Promise<Claim | RecordedOutcome | CancelledClaim> {
    const calledAt = performance.now();
    for (;;) {
      if (signal?.aborted) return { kind: 'cancelled', result: cancelledResult(signal, {}) };
      const nowMs = this.#environment.now();
      const lease = { owner: this.#owner, leaseUntilMs: nowMs + LEASE_MS };
      const answer = await ask(() => this.#store.claim(id, lease, nowMs));
      if (debug.suspension.hasSubscribers)
        debug.suspension.publish({ step: 'claim', suspensionId: id, answer: answer.kind });
      switch (answer.kind) {
        case 'claimed':
          return this.#claimed(id, answer.fence, answer.envelope);
        case 'settled':
          this.#active.delete(id);
          await this.#room.record(id, answer.outcome.content.length, answer.outcome.settledAtMs);
          return this.#outcomes.open(id, answer.outcome);
        case 'expired':
          this.#active.delete(id);
          throw expired(id);
        case 'unknown':
          this.#active.delete(id);
          this.#room.forget(id);
          throw notFound(id);
        case 'leased': {
          const waitedMs = performance.now() - calledAt;
          if (waitedMs >= Math.min(deadlineMs, MAX_WAIT_MS)) throw busy(id, waitedMs);
          await abortable(() => sleep(Math.min(POLL_MS, Math.max(1, answer.untilMs - nowMs))), signal);
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
  async currentOf(id: string): Promise<string | undefined> {
    let current = parseSuspensionId(id);
    while (current !== undefined) {
      const at = formatSuspensionId(current);
      const found = await ask(() => this.#store.read(at));
      if (found === undefined) return undefined;
      if (found.outcome === undefined) return at;
      if (found.outcome.state !== 'continued') return undefined;
      current = parseSuspensionId(nextSuspensionId(current));
    }
    return undefined;
  }

  /** @returns whether this call cancelled it: false if it is already settled, or unknown */
  async cancel(id: string): Promise<boolean> {
    const storage = await this.#storageOf(id);
    const outcome = await this.#outcomes.sealPlain(id, 'cancelled', calledOff(id));
    const answer = await ask(() => this.#store.settle(id, undefined, outcome));
    if (answer.kind === 'recorded') {
      await this.#room.record(id, outcome.content.length, outcome.settledAtMs);
      if (storage) this.#telemetry.storage(storage.origin, storage.bytes, outcome.settledAtMs - storage.sinceMs);
    }
    if (debug.suspension.hasSubscribers)
      debug.suspension.publish({ step: 'cancel', suspensionId: id, answer: answer.kind });
    // In each of these cases it no longer waits.
    if (answer.kind === 'recorded' || answer.kind === 'settled' || answer.kind === 'unknown') this.#active.delete(id);
    return answer.kind === 'recorded';
  }

  /** What is known of a suspended handler without opening it; undefined if nothing counts it. */
  async #storageOf(id: string): Promise<Storage | undefined> {
    if (!this.#telemetry.countsStorage) return undefined;
    const found = await ask(() => this.#store.read(id));
    return (
      found?.envelope && { origin: summarisedOrigin(found), bytes: found.envelope.length, sinceMs: found.createdAtMs }
    );
  }

  async *list(): AsyncGenerator<SuspensionSummary> {
    let after: string | undefined;
    do {
      const from = after;
      const page = await ask(() => this.#store.list({ limit: 1_000, ...(from !== undefined && { after: from }) }));
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
    this.#active.close();
    await ask(() => this.#store.close());
  }

  async #claimed(id: string, fence: number, envelope: Uint8Array): Promise<Claim> {
    const release = async () => {
      endRenewals();
      if (debug.suspension.hasSubscribers) debug.suspension.publish({ step: 'released', suspensionId: id });
      await ask(() => this.#store.release(id, fence)).catch(() => false);
    };
    const endRenewals = repeatForApplication(() => {
      ask(() => this.#store.renew(id, fence, this.#environment.now() + LEASE_MS)).catch(() => {});
    }, RENEW_MS);
    try {
      const { memoryLimitBytes } = this.#config.limits;
      const bounds = { abi: ABI_VERSION, engine: this.#engine, memoryLimitBytes };
      const run = await openRun(id, envelope, await this.#outcomes.keys(), bounds);
      this.#room.note(id, storedTenant(run.tenant), envelope.length);
      const storage = {
        origin: eventOriginOf(run.origin, run.tenant),
        bytes: envelope.length,
        sinceMs: run.suspendedAtMs,
      };
      const settle = async (executed: SegmentRun, answers: AnsweredCalls, origin: EventOrigin) => {
        try {
          return await this.#settle(id, fence, executed, answers, origin, storage);
        } catch (error) {
          // If nothing was recorded, it can be resumed again at once.
          await release();
          throw error;
        } finally {
          endRenewals();
        }
      };
      return { kind: 'claimed', id, run, release, settle };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #settle(
    id: string,
    fence: number,
    executed: SegmentRun,
    answers: AnsweredCalls,
    origin: EventOrigin,
    storage: Storage,
  ): Promise<Settlement> {
    const end = await this.#sealEnd(id, executed, answers);
    const answer = await this.#offer(id, fence, end);
    this.#active.delete(id);
    if (answer.kind !== 'recorded') {
      const superseding = await this.#supersededBy(id, answer);
      return { result: superseding.result, superseding };
    }
    this.#telemetry.storage(storage.origin, storage.bytes, this.#environment.now() - storage.sinceMs);
    const { result, outcome, next } = end;
    if (next !== undefined) {
      this.#room.confirm(next.id);
      this.#noteKept(next, origin);
    }
    await this.#room.record(id, outcome.content.length, outcome.settledAtMs);
    return { result };
  }

  /** A handler that waits again takes a place in the store, if there is one. */
  async #sealEnd(id: string, { result, waiting }: SegmentRun, answers: AnsweredCalls): Promise<SegmentEnd> {
    if (waiting === undefined) return this.#sealLast(id, result, answers);
    const current = parseSuspensionId(id);
    if (current === undefined) throw notFound(id);
    const { origin } = waiting.run;
    const next = await this.#admit(nextSuspensionId(current), waiting, id);
    if ('error' in next) return this.#sealLast(id, unkept(result, next.error, origin), answers);
    return this.#sealContinued(id, suspended(result, waiting, next), next, origin, answers);
  }

  /** Seals the end of a handler. */
  async #sealLast(id: string, result: WasmResult, answers: AnsweredCalls): Promise<SegmentEnd> {
    const state = result.status === 'success' ? 'completed' : 'failed';
    const outcome = await this.#outcomes.seal(id, state, result, answers);
    if ('unencodable' in outcome) return this.#sealWithoutValues(id, result, outcome.unencodable, answers);
    return { result, outcome };
  }

  /** Seals the result of a handler that waits again as `next`, which has a place. */
  async #sealContinued(
    id: string,
    result: WasmResult,
    next: StoredSuspension,
    handlerOrigin: Origin,
    answers: AnsweredCalls,
  ): Promise<SegmentEnd> {
    const outcome = await this.#outcomes.seal(id, 'continued', result, answers).catch((error: unknown) => {
      this.#room.withdraw(next.id, id);
      throw error;
    });
    if (!('unencodable' in outcome)) return { result, outcome, next };
    // Its next suspension could not be reported to later callers.
    this.#room.withdraw(next.id, id);
    const reason = outcome.unencodable;
    return this.#sealWithoutValues(id, unkept(result, notRecorded(reason), handlerOrigin), reason, answers);
  }

  async #sealWithoutValues(
    id: string,
    result: WasmResult,
    reason: string,
    answers: AnsweredCalls,
  ): Promise<SegmentEnd> {
    const outcome = await this.#outcomes.sealPlain(id, 'failed', withoutValues(result, reason), answers);
    return { result, outcome };
  }

  /** Offers an end to the store. If the store does not take it, the next generation has no place. */
  async #offer(id: string, fence: number, { outcome, next }: SegmentEnd): Promise<SettleAnswer> {
    let isRecorded = false;
    try {
      const answer = await offer(this.#store, id, fence, outcome, next);
      isRecorded = answer.kind === 'recorded';
      return answer;
    } finally {
      if (!isRecorded && next !== undefined) this.#room.withdraw(next.id, id);
    }
  }

  /** The lease was lost, so another caller's outcome counts. */
  async #supersededBy(id: string, answer: Exclude<SettleAnswer, { kind: 'recorded' }>): Promise<RecordedOutcome> {
    if (answer.kind === 'settled') {
      await this.#room.record(id, answer.outcome.content.length, answer.outcome.settledAtMs);
      return this.#outcomes.open(id, answer.outcome);
    }
    if (answer.kind === 'unknown') throw notFound(id);
    for (;;) {
      const found = await ask(() => this.#store.read(id));
      if (found === undefined) throw notFound(id);
      if (found.outcome !== undefined) return this.#outcomes.open(id, found.outcome);
      // The caller that had it after us died, too: nothing is recorded, and it can be resumed again.
      const isFree = found.lease === undefined || found.lease.leaseUntilMs <= this.#environment.now();
      if (isFree) throw lostLease(id);
      await sleep(POLL_MS);
    }
  }

  /**
   * Seals a handler that waits and finds a place in the store for it.
   *
   * @param replaces the previous generation
   * @returns an error if there is no place
   */
  async #admit(
    id: string,
    { run, letGo }: WaitingRun,
    replaces?: string,
  ): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { maxBytes, ttlMs } = this.#config.suspension;
    const tenant = storedTenant(run.tenant);
    // Checked before sealing, which a tenant that is refused again and again would otherwise cause for nothing.
    const early = await this.#room.refusalOf(tenant, replaces);
    if (early !== undefined) return { error: noRoom(early) };
    const envelope = await sealRun(id, run, await this.#outcomes.keys());
    letGo();
    if ('maxCalls' in envelope) return { error: tooManyCalls(run.calls.length, envelope.maxCalls) };
    if (envelope.length > maxBytes) return { error: tooLarge(envelope.length, maxBytes) };
    const createdAtMs = this.#environment.now();
    const info = summariseRun(run);
    const times = { createdAtMs, expiresAtMs: createdAtMs + ttlMs };
    const suspension = { id, envelope, ...times, ...(tenant !== undefined && { tenant }), info };
    const refusal = await this.#room.admit(suspension, replaces);
    return refusal === undefined ? suspension : { error: noRoom(refusal, envelope.length) };
  }

  #noteKept({ id, envelope, expiresAtMs }: StoredSuspension, origin: EventOrigin): void {
    this.#telemetry.suspension({ id, bytes: envelope.length, expiresAtMs }, origin);
    this.#active.add(id, expiresAtMs);
  }

  /** Marks handlers past their time as expired and reports them to observers. */
  sweep(): Promise<readonly string[]> {
    return this.#active.sweep();
  }
}

/**
 * The size of an envelope and an outcome together: what any process with these options may have written, and at
 * least what is possible with the defaults.
 */
function maxDataBytes({ suspension, ceilings }: RuntimeConfig): number {
  const envelope = Math.max(suspension.maxBytes, DEFAULT_MAX_SUSPENSION_BYTES);
  const result = Math.max(ceilings.maxResultBytes, DEFAULT_MAX_RESULT_BYTES);
  return envelope + RESULT_GROWTH * result + 4 * ceilings.maxLogBytes + RESULT_FRAME_BYTES;
}
