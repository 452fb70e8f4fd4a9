import { hostname } from 'node:os';

import type { EventOrigin } from './config/observer.js';
import type { RuntimeConfig } from './config/resolve.js';
import type {
  SettleAnswer,
  StoredSuspension,
  SuspensionOutcome,
  SuspensionStore,
  SuspensionSummary,
} from './config/suspension-store.js';
import type { WasmError, WasmResult } from './contract/result.js';
import { abortable } from './contract/waiting.js';
import { NexusError } from './errors/nexus-error.js';
import type { Executed } from './executions.js';
import type { Telemetry } from './metrics/telemetry.js';
import { cancelledResult } from './pool/result.js';
import { ask, offer, sleep } from './store-calls.js';
import type { Surroundings } from './surroundings.js';
import { type EnvelopeKeys, envelopeKeys } from './suspension/envelope-keys.js';
import { formatSuspensionId, nextSuspensionId, parseSuspensionId } from './suspension/ids.js';
import { openStore } from './suspension/open-store.js';
import { decodeOutcome, encodeOutcome, openOutcome, sealOutcome } from './suspension/outcome-content.js';
import { openRun, type SuspendedRun, sealRun, summariseRun } from './suspension/suspended-run.js';
import {
  calledOff,
  expired,
  lostLease,
  notFound,
  notKept,
  notRecorded,
  suspended,
  tooLarge,
  unkept,
  withoutValues,
} from './suspension-results.js';

/** Renewed long before it ends; whoever dies leaves the handler to others after this time. */
const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;
/** How often one who waits for another's resume looks whether it is over. */
const POLL_MS = 100;
/** How long the outcome of a resume can be had again. */
const OUTCOME_RETENTION_MS = 24 * 60 * 60 * 1000;
const SWEEP_MS = 60_000;

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
  settle(executed: Executed, origin: EventOrigin): Promise<Settlement>;
}

/** Suspended handlers between their executions: kept, claimed, settled, called off, forgotten. */
export class SuspendedRuns {
  readonly #config: RuntimeConfig;
  readonly #engine: string;
  readonly #telemetry: Telemetry;
  readonly #surroundings: Surroundings;
  readonly #store: SuspensionStore;
  readonly #owner = `${hostname()}:${process.pid}`;
  #keys: Promise<EnvelopeKeys> | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  /** Kept by this process and not settled by it: when they expire, by id. */
  readonly #active = new Map<string, number>();

  constructor(config: RuntimeConfig, engine: string, telemetry: Telemetry, surroundings: Surroundings) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.#surroundings = surroundings;
    this.#engine = engine;
    this.#store = openStore(config.suspension.place);
    // What other processes left behind expires, too.
    if (config.suspension.place !== 'memory') this.#sweepFromNowOn();
  }

  get active(): number {
    return this.#active.size;
  }

  /** Keeps a handler that waits. The result says where; or that it could not be kept, with the effects all the same. */
  async keep(executed: Executed, origin: EventOrigin): Promise<WasmResult> {
    const { run } = executed;
    if (run === undefined) return executed.result;
    const id = formatSuspensionId({ runId: this.#surroundings.newRunId(), generation: 1 });
    let sealed: StoredSuspension | { readonly error: WasmError };
    try {
      sealed = await this.#seal(id, run);
      if ('error' in sealed) return unkept(executed.result, sealed.error, run.origin);
      await this.#store.put(sealed);
    } catch (error) {
      return unkept(executed.result, notKept(error), run.origin);
    }
    this.#noteKept(sealed, origin);
    return suspended(executed, sealed);
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
          return this.#recorded(id, answer.outcome);
        case 'expired':
          this.#active.delete(id);
          throw expired(id);
        case 'unknown':
          this.#active.delete(id);
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
    const outcome = await this.#plainOutcome(id, 'cancelled', calledOff(id));
    const answer = await ask(() => this.#store.settle(id, undefined, outcome));
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
    clearInterval(this.#sweeper);
    this.#active.clear();
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
      const run = await openRun(id, envelope, await this.#getKeys(), this.#engine);
      const settle = async (executed: Executed, origin: EventOrigin) => {
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

  async #settle(id: string, fence: number, executed: Executed, origin: EventOrigin): Promise<Settlement> {
    const { run } = executed;
    let { result } = executed;
    let next: StoredSuspension | undefined;
    if (run !== undefined) {
      const current = parseSuspensionId(id);
      if (current === undefined) throw notFound(id);
      const sealed = await this.#seal(nextSuspensionId(current), run);
      if ('error' in sealed) result = unkept(result, sealed.error, run.origin);
      else {
        next = sealed;
        result = suspended(executed, next);
      }
    }
    const state = next !== undefined ? 'continued' : result.status === 'success' ? 'completed' : 'failed';
    let outcome = await this.#outcome(id, state, result);
    if ('unencodable' in outcome) {
      const reason = outcome.unencodable;
      // What it waits for could not be told to whoever asks again.
      if (run !== undefined && next !== undefined) result = unkept(result, notRecorded(reason), run.origin);
      next = undefined;
      outcome = await this.#plainOutcome(id, 'failed', withoutValues(result, reason));
    }
    const answer = await offer(this.#store, id, fence, outcome, next);
    this.#active.delete(id);
    if (answer.kind === 'recorded') {
      if (next !== undefined) this.#noteKept(next, origin);
      return { result, isRecorded: true };
    }
    return { result: await this.#supersededBy(id, answer), isRecorded: false };
  }

  /** The lease was lost, and somebody else's outcome is the one. */
  async #supersededBy(id: string, answer: Exclude<SettleAnswer, { kind: 'recorded' }>): Promise<WasmResult> {
    if (answer.kind === 'settled') return this.#recorded(id, answer.outcome);
    if (answer.kind === 'unknown') throw notFound(id);
    for (;;) {
      const found = await ask(() => this.#store.read(id));
      if (found === undefined) throw notFound(id);
      if (found.outcome !== undefined) return this.#recorded(id, found.outcome);
      // Whoever had it after us died, too: nothing is recorded, and it may be resumed again.
      const isFree = found.lease === undefined || found.lease.leaseUntilMs <= this.#surroundings.now();
      if (isFree) throw lostLease(id);
      await sleep(POLL_MS);
    }
  }

  async #seal(id: string, run: SuspendedRun): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { maxBytes, ttlMs } = this.#config.suspension;
    const envelope = await sealRun(id, run, await this.#getKeys());
    if (envelope.length > maxBytes) return { error: tooLarge(envelope.length, maxBytes) };
    const createdAtMs = this.#surroundings.now();
    return { id, envelope, createdAtMs, expiresAtMs: createdAtMs + ttlMs, info: summariseRun(run) };
  }

  /** Sealed like the handler: whoever asks again is given what is in it as if it had just happened. */
  async #outcome(
    id: string,
    state: SuspensionOutcome['state'],
    result: WasmResult,
  ): Promise<SuspensionOutcome | { readonly unencodable: string }> {
    const encoded = await encodeOutcome(result);
    if ('unencodable' in encoded) return encoded;
    const content = sealOutcome(id, state, encoded.content, await this.#getKeys());
    const settledAtMs = this.#surroundings.now();
    return { state, content, settledAtMs, keepUntilMs: settledAtMs + OUTCOME_RETENTION_MS };
  }

  /** Of a result without values of the handler's. */
  async #plainOutcome(id: string, state: SuspensionOutcome['state'], result: WasmResult): Promise<SuspensionOutcome> {
    const outcome = await this.#outcome(id, state, result);
    if ('unencodable' in outcome) throw new NexusError('INTERNAL_ERROR', `An outcome ${outcome.unencodable}.`);
    return outcome;
  }

  /** @throws NexusError SUSPENSION_EXPIRED; SUSPENSION_INCOMPATIBLE when it is not what was recorded */
  async #recorded(id: string, { state, content }: SuspensionOutcome): Promise<WasmResult> {
    if (state === 'expired') throw expired(id);
    return decodeOutcome(openOutcome(id, state, content, await this.#getKeys()));
  }

  #getKeys(): Promise<EnvelopeKeys> {
    this.#keys ??= envelopeKeys(this.#config.suspension.secrets, () => ask(() => this.#store.key())).catch((error) => {
      this.#keys = undefined;
      throw error;
    });
    return this.#keys;
  }

  #noteKept({ id, envelope, expiresAtMs }: StoredSuspension, origin: EventOrigin): void {
    this.#telemetry.suspension({ id, bytes: envelope.length, expiresAtMs }, origin);
    this.#active.set(id, expiresAtMs);
    this.#sweepFromNowOn();
  }

  #sweepFromNowOn(): void {
    if (this.#sweeper !== undefined) return;
    this.#sweeper = setInterval(() => void this.sweep().catch(() => {}), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** Makes what is past its time expired, and tells whoever wants to know. */
  async sweep(): Promise<readonly string[]> {
    const nowMs = this.#surroundings.now();
    for (const [id, expiresAtMs] of this.#active) if (expiresAtMs <= nowMs) this.#active.delete(id);
    const { expired: ids } = await ask(() => this.#store.sweep(nowMs));
    this.#telemetry.expiry(ids);
    return ids;
  }
}
