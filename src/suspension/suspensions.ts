import { hostname } from 'node:os';
import type { EventOrigin } from '../api/observer.js';
import type { WasmError, WasmResult } from '../api/result.js';
import type { SettleAnswer, StoredSuspension, SuspensionStore, SuspensionSummary } from '../api/suspension-store.js';
import { DEFAULT_MAX_RESULT_BYTES, DEFAULT_MAX_SUSPENSION_BYTES } from '../config/defaults.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { cancelledResult } from '../execution/result/result.js';
import type { SegmentRun } from '../execution/segment-runner.js';
import type { SuspendedRun } from '../execution/suspended-run.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { Environment } from '../support/environment.js';
import { formatSuspensionId, nextSuspensionId, parseSuspensionId } from '../support/run-ids.js';
import { repeatForApplication } from '../support/timers.js';
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
  readonly #surroundings: Environment;
  readonly #store: SuspensionStore;
  readonly #room: StoreRoom;
  readonly #outcomes: RecordedOutcomes;
  /** For handlers that wait in a `run`, which no store has. */
  readonly runPlaces: RunPlaces;
  readonly #owner = `${hostname()}:${process.pid}`;
  readonly #active: ActiveSuspensions;

  constructor(config: RuntimeConfig, engine: string, telemetry: Telemetry, surroundings: Environment) {
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
  async keep(executed: SegmentRun, origin: EventOrigin): Promise<WasmResult> {
    const { run } = executed;
    if (run === undefined) return executed.result;
    const id = formatSuspensionId({ runId: this.#surroundings.newRunId(), generation: 1 });
    let kept: StoredSuspension | { readonly error: WasmError };
    try {
      kept = await this.#admit(id, executed, run);
      if ('error' in kept) return unkept(executed.result, kept.error, run.origin);
      await this.#store.put(kept);
    } catch (error) {
      this.#room.withdraw(id);
      return unkept(executed.result, notKept(error), run.origin);
    }
    this.#room.confirm(id);
    this.#noteKept(kept, origin);
    return suspended(executed, kept);
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
      endRenewals();
      await ask(() => this.#store.release(id, fence)).catch(() => false);
    };
    const endRenewals = repeatForApplication(() => {
      ask(() => this.#store.renew(id, fence, this.#surroundings.now() + LEASE_MS)).catch(() => {});
    }, RENEW_MS);
    try {
      const bounds = { engine: this.#engine, memoryLimitBytes: this.#config.limits.memoryLimitBytes };
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
          endRenewals();
        }
      };
      return { id, run, release, settle };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #settle(id: string, fence: number, executed: SegmentRun, origin: EventOrigin): Promise<Settlement> {
    const { run } = executed;
    let { result } = executed;
    let next: StoredSuspension | undefined;
    if (run !== undefined) {
      const current = parseSuspensionId(id);
      if (current === undefined) throw notFound(id);
      const kept = await this.#admit(nextSuspensionId(current), executed, run, id);
      if ('error' in kept) result = unkept(result, kept.error, run.origin);
      else {
        next = kept;
        result = suspended(executed, next);
      }
    }
    try {
      const state = next !== undefined ? 'continued' : result.status === 'success' ? 'completed' : 'failed';
      let outcome = await this.#outcomes.seal(id, state, result);
      if ('unencodable' in outcome) {
        const reason = outcome.unencodable;
        // What it waits for could not be told to whoever asks again.
        if (run !== undefined && next !== undefined) result = unkept(result, notRecorded(reason), run.origin);
        if (next !== undefined) this.#room.withdraw(next.id, id);
        next = undefined;
        outcome = await this.#outcomes.sealPlain(id, 'failed', withoutValues(result, reason));
      }
      const answer = await offer(this.#store, id, fence, outcome, next);
      this.#active.delete(id);
      if (answer.kind === 'recorded') {
        if (next !== undefined) {
          this.#room.confirm(next.id);
          this.#noteKept(next, origin);
        }
        await this.#room.record(id, outcome.content.length, outcome.settledAtMs);
        return { result, isRecorded: true };
      }
      if (next !== undefined) this.#room.withdraw(next.id, id);
      next = undefined;
      return { result: await this.#supersededBy(id, answer), isRecorded: false };
    } catch (error) {
      if (next !== undefined) this.#room.withdraw(next.id, id);
      throw error;
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
    { letGo }: SegmentRun,
    run: SuspendedRun,
    replaces?: string,
  ): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { maxBytes, ttlMs } = this.#config.suspension;
    const tenant = storedTenant(run.tenant);
    // Before all the work of sealing it, which one who is refused again and again would have us do for nothing.
    const early = await this.#room.refusalOf(tenant, replaces);
    if (early !== undefined) return { error: noRoom(early) };
    const envelope = await sealRun(id, run, await this.#outcomes.keys());
    letGo?.();
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
