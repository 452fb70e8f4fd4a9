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
import type { Origin } from '../execution/origin.js';
import { cancelledResult } from '../execution/result/result.js';
import type { SegmentRun, WaitingRun } from '../execution/segment-runner.js';
import type { SuspendedRun } from '../execution/suspended-run.js';
import { ABI_VERSION } from '../guest/abi.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { formatSuspensionId, nextSuspensionId, parseSuspensionId } from '../support/run-ids.js';
import { abortable } from '../support/waiting.js';
import { ActiveSuspensions } from './active-suspensions.js';
import { openStore } from './open-store.js';
import { RecordedOutcomes } from './recorded-outcomes.js';
import { RunPlaces } from './run-places.js';
import { openRun, sealRun, storedTenant, summariseRun } from './sealed/run-envelope.js';
import { ask, offer, sleep } from './store-calls.js';
import { StoreRoom } from './store-room.js';
import {
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

/** Renewed long before it ends; whoever dies leaves the handler to others after this time. */
const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;
/** How often one who waits for another's resume looks whether it is over. */
const POLL_MS = 100;
/** A result as it is recorded has names and numbers that it does not have when it leaves the VM. */
const RESULT_GROWTH = 2;
const RESULT_FRAME_BYTES = 4 * 1024 * 1024;

/** What came of a claim. */
export interface Settlement {
  /** What counts. */
  readonly result: WasmResult;
  /** False when somebody else's outcome was recorded before. */
  readonly isRecorded: boolean;
}

/** How a segment ended, as it is recorded. */
interface SegmentEnd {
  readonly result: WasmResult;
  readonly outcome: SuspensionOutcome;
  /** The handler waits again, as this one. */
  readonly next?: StoredSuspension;
}

/** A claim on a suspended handler. */
export interface Claim {
  readonly id: string;
  readonly run: SuspendedRun;
  /** Gives it back as it was. When that fails, the lease lapses by itself. */
  release(): Promise<void>;
  /** Records what came of it and returns what counts: this, or what somebody else recorded before. */
  settle(executed: SegmentRun, origin: EventOrigin): Promise<Settlement>;
}

/** Suspended handlers between their executions: kept, claimed, settled, called off, forgotten. */
export class Suspensions {
  readonly #config: RuntimeConfig;
  readonly #engine: string;
  readonly #telemetry: Telemetry;
  readonly #surroundings: RuntimeEnvironment;
  readonly #store: SuspensionStore;
  readonly #room: StoreRoom;
  readonly #outcomes: RecordedOutcomes;
  /** For handlers that wait in a `run`, which no store has. */
  readonly runPlaces: RunPlaces;
  readonly #owner = `${hostname()}:${process.pid}`;
  readonly #active: ActiveSuspensions;

  constructor(config: RuntimeConfig, engine: string, telemetry: Telemetry, surroundings: RuntimeEnvironment) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.#surroundings = surroundings;
    this.#engine = engine;
    const opened = openStore(config.suspension.place, maxDataBytes(config));
    this.#store = opened.store;
    this.#room = new StoreRoom(opened, config.suspension);
    this.runPlaces = new RunPlaces(config.suspension);
    this.#outcomes = new RecordedOutcomes(config.suspension.secrets, opened.store, surroundings);
    this.#active = new ActiveSuspensions(opened.store, this.#room, telemetry, surroundings);
    // What other processes left behind expires, too.
    if (config.suspension.place !== 'memory') this.#active.sweepFromNowOn();
  }

  get active(): number {
    return this.#active.count;
  }

  /** What the store keeps, and what it had no room for. */
  get room(): Pick<StoreRoom, 'usage' | 'refused' | 'evicted'> {
    return this.#room;
  }

  /** Keeps a handler that waits. The result says where; or that it could not be kept, with the effects all the same. */
  async keep({ result }: SegmentRun, waiting: WaitingRun, origin: EventOrigin): Promise<WasmResult> {
    const id = formatSuspensionId({ runId: this.#surroundings.newRunId(), generation: 1 });
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
   * Claims a suspended handler. Somebody who has it is waited for.
   *
   * @returns what was recorded, when it was settled before; CANCELLED when the signal fires first
   * @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED, SUSPENSION_INCOMPATIBLE, INTERNAL_ERROR
   */
  async claim(id: string, signal?: AbortSignal): Promise<Claim | WasmResult> {
    for (;;) {
      if (signal?.aborted) return cancelledResult(signal, {});
      const nowMs = this.#surroundings.now();
      const lease = { owner: this.#owner, leaseUntilMs: nowMs + LEASE_MS };
      const answer = await ask(() => this.#store.claim(id, lease, nowMs));
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
        case 'leased':
          await abortable(() => sleep(Math.min(POLL_MS, Math.max(1, answer.untilMs - nowMs))), signal);
          continue;
        default:
          throw answer satisfies never;
      }
    }
  }

  /** @returns whether this call did it: false when it is settled already, or unknown */
  async cancel(id: string): Promise<boolean> {
    const outcome = await this.#outcomes.sealPlain(id, 'cancelled', calledOff(id));
    const answer = await ask(() => this.#store.settle(id, undefined, outcome));
    if (answer.kind === 'recorded') await this.#room.record(id, outcome.content.length, outcome.settledAtMs);
    // Whatever it was, it waits no longer.
    if (answer.kind === 'recorded' || answer.kind === 'settled' || answer.kind === 'unknown') this.#active.delete(id);
    return answer.kind === 'recorded';
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
      clearInterval(renewal);
      await ask(() => this.#store.release(id, fence)).catch(() => false);
    };
    const renewal = setInterval(() => {
      ask(() => this.#store.renew(id, fence, this.#surroundings.now() + LEASE_MS)).catch(() => {});
    }, RENEW_MS);
    renewal.unref();
    try {
      const { memoryLimitBytes } = this.#config.limits;
      const bounds = { abi: ABI_VERSION, engine: this.#engine, memoryLimitBytes };
      const run = await openRun(id, envelope, await this.#outcomes.keys(), bounds);
      this.#room.note(id, storedTenant(run.tenant), envelope.length);
      const settle = async (executed: SegmentRun, origin: EventOrigin) => {
        try {
          return await this.#settle(id, fence, executed, origin);
        } catch (error) {
          // If nothing was recorded, it can be resumed again at once.
          await release();
          throw error;
        } finally {
          clearInterval(renewal);
        }
      };
      return { id, run, release, settle };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #settle(id: string, fence: number, executed: SegmentRun, origin: EventOrigin): Promise<Settlement> {
    const end = await this.#sealEnd(id, executed);
    const answer = await this.#offer(id, fence, end);
    this.#active.delete(id);
    if (answer.kind !== 'recorded') return { result: await this.#supersededBy(id, answer), isRecorded: false };
    const { result, outcome, next } = end;
    if (next !== undefined) {
      this.#room.confirm(next.id);
      this.#noteKept(next, origin);
    }
    await this.#room.record(id, outcome.content.length, outcome.settledAtMs);
    return { result, isRecorded: true };
  }

  /** A handler that waits again takes a place in the store, if there is one. */
  async #sealEnd(id: string, { result, waiting }: SegmentRun): Promise<SegmentEnd> {
    if (waiting === undefined) return this.#sealLast(id, result);
    const current = parseSuspensionId(id);
    if (current === undefined) throw notFound(id);
    const { origin } = waiting.run;
    const next = await this.#admit(nextSuspensionId(current), waiting, id);
    if ('error' in next) return this.#sealLast(id, unkept(result, next.error, origin));
    return this.#sealContinued(id, suspended(result, waiting, next), next, origin);
  }

  /** Of a handler that has ended. */
  async #sealLast(id: string, result: WasmResult): Promise<SegmentEnd> {
    const outcome = await this.#outcomes.seal(id, result.status === 'success' ? 'completed' : 'failed', result);
    if ('unencodable' in outcome) return this.#sealWithoutValues(id, result, outcome.unencodable);
    return { result, outcome };
  }

  /** Of a handler that waits again, as `next`, which has a place. */
  async #sealContinued(
    id: string,
    result: WasmResult,
    next: StoredSuspension,
    handlerOrigin: Origin,
  ): Promise<SegmentEnd> {
    const outcome = await this.#outcomes.seal(id, 'continued', result).catch((error: unknown) => {
      this.#room.withdraw(next.id, id);
      throw error;
    });
    if (!('unencodable' in outcome)) return { result, outcome, next };
    // What it waits for could not be told to whoever asks again.
    this.#room.withdraw(next.id, id);
    const reason = outcome.unencodable;
    return this.#sealWithoutValues(id, unkept(result, notRecorded(reason), handlerOrigin), reason);
  }

  async #sealWithoutValues(id: string, result: WasmResult, reason: string): Promise<SegmentEnd> {
    return { result, outcome: await this.#outcomes.sealPlain(id, 'failed', withoutValues(result, reason)) };
  }

  /** Offers an end to the store. If it does not take it, the next generation has no place. */
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

  /** The lease was lost, and somebody else's outcome is the one. */
  async #supersededBy(id: string, answer: Exclude<SettleAnswer, { kind: 'recorded' }>): Promise<WasmResult> {
    if (answer.kind === 'settled') {
      await this.#room.record(id, answer.outcome.content.length, answer.outcome.settledAtMs);
      return this.#outcomes.open(id, answer.outcome);
    }
    if (answer.kind === 'unknown') throw notFound(id);
    for (;;) {
      const found = await ask(() => this.#store.read(id));
      if (found === undefined) throw notFound(id);
      if (found.outcome !== undefined) return this.#outcomes.open(id, found.outcome);
      // Whoever had it after us died, too: nothing is recorded, and it may be resumed again.
      const isFree = found.lease === undefined || found.lease.leaseUntilMs <= this.#surroundings.now();
      if (isFree) throw lostLease(id);
      await sleep(POLL_MS);
    }
  }

  /**
   * A handler that waits, sealed, with a place in the store; or why it has none.
   *
   * @param replaces the generation before it
   */
  async #admit(
    id: string,
    { run, letGo }: WaitingRun,
    replaces?: string,
  ): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { maxBytes, ttlMs } = this.#config.suspension;
    const tenant = storedTenant(run.tenant);
    // Before all the work of sealing it, which one who is refused again and again would have us do for nothing.
    const early = await this.#room.refusalOf(tenant, replaces);
    if (early !== undefined) return { error: noRoom(early) };
    const envelope = await sealRun(id, run, await this.#outcomes.keys());
    letGo();
    if ('maxCalls' in envelope) return { error: tooManyCalls(run.calls.length, envelope.maxCalls) };
    if (envelope.length > maxBytes) return { error: tooLarge(envelope.length, maxBytes) };
    const createdAtMs = this.#surroundings.now();
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

  /** Makes what is past its time expired, and tells whoever wants to know. */
  sweep(): Promise<readonly string[]> {
    return this.#active.sweep();
  }
}

/** Of an envelope and an outcome together: what any process with these options may have written, and no less than with the defaults. */
function maxDataBytes({ suspension, ceilings }: RuntimeConfig): number {
  const envelope = Math.max(suspension.maxBytes, DEFAULT_MAX_SUSPENSION_BYTES);
  const result = Math.max(ceilings.maxResultBytes, DEFAULT_MAX_RESULT_BYTES);
  return envelope + RESULT_GROWTH * result + 4 * ceilings.maxLogBytes + RESULT_FRAME_BYTES;
}
