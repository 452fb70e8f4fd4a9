import { hostname } from 'node:os';
import type { EventOrigin } from '../api/observer.js';
import type { WasmError, WasmResult } from '../api/result.js';
import type { StoredSuspension, SuspensionStore, SuspensionSummary } from '../api/suspension-store.js';
import { defaultOf } from '../config/read-option.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { eventOriginOf } from '../execution/origin.js';
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
import { currentSuspension } from './replay.js';
import { RunPlaces } from './room/run-places.js';
import { StoreRoom } from './room/store-room.js';
import type { AnsweredCalls } from './sealed/outcome-shape.js';
import { openRun, storedTenant, summarisedOrigin } from './sealed/run-envelope.js';
import { type Settlement, Settlements, type Storage } from './settlements.js';
import { StoreAdmission } from './store-admission.js';
import { ask, POLL_MS, sleep } from './store-calls.js';
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

/** Renewed long before it ends. If a process dies, others can claim its handlers after this time. */
const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;
/** Each may have megabytes. Behind them, an answer that comes too late is not told where the run waits. */
const MAX_GENERATIONS_READ = 100;
/** How long a caller waits for another resume, which renews its lease as long as it lives. */
const MAX_WAIT_MS = 2 * LEASE_MS;
/** A recorded result has names and numbers that it does not have when it leaves the VM. */
const RESULT_GROWTH = 2;
const RESULT_FRAME_BYTES = 4 * 1024 * 1024;

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
  readonly #admission: StoreAdmission;
  readonly #settlements: Settlements;

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
    const parts = {
      store: this.#store,
      room: this.#room,
      outcomes: this.#outcomes,
      active: this.#active,
      telemetry,
      environment,
    };
    this.#admission = new StoreAdmission({ ...parts, bounds: config.suspension });
    this.#settlements = new Settlements({ ...parts, admission: this.#admission });
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
      kept = await this.#admission.admit(id, waiting);
      if ('error' in kept) return unkept(result, kept.error, waiting.run.origin);
      await this.#store.put(kept);
    } catch (error) {
      this.#room.withdraw(id);
      return unkept(result, notKept(error), waiting.run.origin);
    }
    this.#room.confirm(id);
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
    // One that is damaged can be cancelled all the same.
    const found = await ask(() => this.#store.read(id)).catch(() => undefined);
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
          return await this.#settlements.settle({ id, fence, storage }, executed, answers, origin);
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
  const envelope = Math.max(suspension.maxBytes, defaultOf('maxSuspensionBytes'));
  const result = Math.max(ceilings.maxResultBytes, defaultOf('maxResultBytes'));
  return envelope + RESULT_GROWTH * result + 4 * ceilings.maxLogBytes + RESULT_FRAME_BYTES;
}
