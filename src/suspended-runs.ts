import { hostname } from 'node:os';

import type { RuntimeConfig } from './config/resolve.js';
import type {
  SettleAnswer,
  StoredSuspension,
  SuspensionOutcome,
  SuspensionStore,
  SuspensionSummary,
} from './config/suspension-store.js';
import type { ExtensionCall, Suspension, WasmError, WasmResult } from './contract/result.js';
import { NexusError } from './errors/nexus-error.js';
import type { Executed } from './executions.js';
import { tell } from './observe.js';
import { cancelledResult, errorResult } from './pool/result.js';
import { type EnvelopeKeys, envelopeKeys } from './suspension/envelope-keys.js';
import { formatSuspensionId, newRunId, nextSuspensionId, parseSuspensionId } from './suspension/ids.js';
import { openStore } from './suspension/open-store.js';
import { decodeOutcome, encodeOutcome, openRun, type SuspendedRun, sealRun } from './suspension/suspended-run.js';

/** Renewed long before it ends; whoever dies leaves the handler to others after this time. */
const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;
/** How often one who waits for another's resume looks whether it is over. */
const POLL_MS = 100;
/** How long the outcome of a resume can be had again. */
const OUTCOME_RETENTION_MS = 24 * 60 * 60 * 1000;
const SWEEP_MS = 60_000;

/** A claim on a suspended handler. */
export interface Claim {
  readonly id: string;
  readonly run: SuspendedRun;
  /** Gives it back as it was. */
  release(): Promise<void>;
  /** Records what came of it and returns what counts: this, or what somebody else recorded before. */
  settle(executed: Executed): Promise<WasmResult>;
}

/** Suspended handlers between their executions: kept, claimed, settled, called off, forgotten. */
export class SuspendedRuns {
  readonly #config: RuntimeConfig;
  readonly #engine: string;
  readonly #store: SuspensionStore;
  readonly #owner = `${hostname()}:${process.pid}`;
  #keys: Promise<EnvelopeKeys> | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  /** Kept by this process and not settled by it. */
  #active = 0;

  constructor(config: RuntimeConfig, engine: string) {
    this.#config = config;
    this.#engine = engine;
    this.#store = openStore(config.suspension.place);
    // What other processes left behind expires, too.
    if (config.suspension.place !== 'memory') this.#sweepFromNowOn();
  }

  get active(): number {
    return this.#active;
  }

  /** Keeps a handler that waits. The result says where; or that it could not be kept, with the effects all the same. */
  async keep(executed: Executed): Promise<WasmResult> {
    const { run } = executed;
    if (run === undefined) return executed.result;
    const id = formatSuspensionId({ runId: newRunId(), generation: 1 });
    const sealed = await this.#seal(id, run);
    if ('error' in sealed) return unkept(executed.result, sealed.error);
    try {
      await this.#store.put(sealed);
    } catch (error) {
      return unkept(executed.result, storeFailure(error));
    }
    this.#active++;
    this.#sweepFromNowOn();
    return suspended(executed, sealed);
  }

  /**
   * Claims a suspended handler. Somebody who has it is waited for.
   *
   * @returns what was recorded, when it was settled before; CANCELLED when the signal fires first
   * @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED, SUSPENSION_INCOMPATIBLE
   */
  async claim(id: string, signal?: AbortSignal): Promise<Claim | WasmResult> {
    for (;;) {
      if (signal?.aborted) return cancelledResult(signal, {});
      const nowMs = Date.now();
      const answer = await this.#store.claim(id, { owner: this.#owner, leaseUntilMs: nowMs + LEASE_MS }, nowMs);
      switch (answer.kind) {
        case 'claimed':
          return this.#claimed(id, answer.fence, answer.envelope);
        case 'settled':
          return recorded(id, answer.outcome);
        case 'expired':
          throw expired(id);
        case 'unknown':
          throw notFound(id);
        case 'leased':
          await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, Math.max(1, answer.untilMs - nowMs))));
          continue;
        default:
          throw answer satisfies never;
      }
    }
  }

  /** @returns whether this call did it: false when it is settled already, or unknown */
  async cancel(id: string): Promise<boolean> {
    const answer = await this.#store.settle(id, undefined, this.#outcome('cancelled', calledOff(id)));
    if (answer.kind === 'recorded') this.#active = Math.max(0, this.#active - 1);
    return answer.kind === 'recorded';
  }

  async *list(): AsyncGenerator<SuspensionSummary> {
    let after: string | undefined;
    do {
      const page = await this.#store.list({ limit: 1_000, ...(after !== undefined && { after }) });
      yield* page.suspensions;
      after = page.next;
    } while (after !== undefined);
  }

  async inspect(id: string): Promise<SuspensionSummary | undefined> {
    const found = await this.#store.read(id);
    if (found === undefined) return undefined;
    const { envelope, lease: _, outcome: __, ...summary } = found;
    return { ...summary, envelopeBytes: envelope?.length ?? 0 };
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#store.close();
  }

  async #claimed(id: string, fence: number, envelope: Uint8Array): Promise<Claim> {
    const release = async () => {
      clearInterval(renewal);
      await this.#store.release(id, fence);
    };
    const renewal = setInterval(() => {
      this.#store.renew(id, fence, Date.now() + LEASE_MS).catch(() => {});
    }, RENEW_MS);
    renewal.unref();
    try {
      const run = openRun(id, envelope, await this.#getKeys(), this.#engine);
      const settle = async (executed: Executed) => {
        try {
          return await this.#settle(id, fence, executed);
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

  async #settle(id: string, fence: number, executed: Executed): Promise<WasmResult> {
    const { run } = executed;
    let { result } = executed;
    let next: StoredSuspension | undefined;
    if (run !== undefined) {
      const current = parseSuspensionId(id);
      if (current === undefined) throw notFound(id);
      const sealed = await this.#seal(nextSuspensionId(current), run);
      if ('error' in sealed) result = unkept(result, sealed.error);
      else {
        next = sealed;
        result = suspended(executed, next);
      }
    }
    const state = next !== undefined ? 'continued' : result.status === 'success' ? 'completed' : 'failed';
    const answer = await this.#store.settle(id, fence, this.#outcome(state, result), next);
    if (answer.kind === 'recorded') {
      if (next === undefined) this.#active = Math.max(0, this.#active - 1);
      return result;
    }
    return this.#supersededBy(id, answer);
  }

  /** The lease was lost, and somebody else's outcome is the one. */
  async #supersededBy(id: string, answer: Exclude<SettleAnswer, { kind: 'recorded' }>): Promise<WasmResult> {
    if (answer.kind === 'settled') return recorded(id, answer.outcome);
    if (answer.kind === 'unknown') throw notFound(id);
    for (;;) {
      const found = await this.#store.read(id);
      if (found === undefined) throw notFound(id);
      if (found.outcome !== undefined) return recorded(id, found.outcome);
      // Whoever had it after us died, too: nothing is recorded, and it may be resumed again.
      const isFree = found.lease === undefined || found.lease.leaseUntilMs <= Date.now();
      if (isFree) throw lostLease(id);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #seal(id: string, run: SuspendedRun): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { maxBytes, ttlMs } = this.#config.suspension;
    const envelope = sealRun(id, run, await this.#getKeys());
    if (envelope.length > maxBytes) return { error: tooLarge(envelope.length, maxBytes) };
    const createdAtMs = Date.now();
    const { calls, origin } = run;
    const info = { ...origin, filename: run.handler.filename, calls };
    return { id, envelope, createdAtMs, expiresAtMs: createdAtMs + ttlMs, info };
  }

  #outcome(state: SuspensionOutcome['state'], result: WasmResult): SuspensionOutcome {
    const settledAtMs = Date.now();
    return { state, content: encodeOutcome(result), settledAtMs, keepUntilMs: settledAtMs + OUTCOME_RETENTION_MS };
  }

  #getKeys(): Promise<EnvelopeKeys> {
    this.#keys ??= envelopeKeys(this.#config.suspension.secrets, () => this.#store.key());
    return this.#keys;
  }

  #sweepFromNowOn(): void {
    if (this.#sweeper !== undefined) return;
    this.#sweeper = setInterval(() => void this.sweep().catch(() => {}), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** Makes what is past its time expired, and tells whoever wants to know. */
  async sweep(): Promise<readonly string[]> {
    const { expired: ids } = await this.#store.sweep(Date.now());
    this.#active = Math.max(0, this.#active - ids.length);
    const { onExpired } = this.#config.observer;
    if (onExpired !== undefined) {
      tell(
        onExpired,
        ids.map((suspensionId) => ({ suspensionId })),
      );
    }
    return ids;
  }
}

function suspended({ result, waiting }: Executed, { id, expiresAtMs }: StoredSuspension): WasmResult {
  const calls = waiting?.calls ?? [];
  const [{ extensionName, method, args }] = calls as [ExtensionCall];
  const expiresAt = new Date(expiresAtMs);
  const suspension: Suspension = { suspensionId: id, extensionName, method, args, calls, expiresAt };
  return { ...result, suspension };
}

/** The handler waits and cannot go on; what it did up to here still happened. */
function unkept(result: WasmResult, error: WasmError): WasmResult {
  return { ...result, status: 'error', partial: true, error };
}

function tooLarge(bytes: number, maxSuspensionBytes: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The suspended handler has ${bytes} bytes, more than maxSuspensionBytes (${maxSuspensionBytes}); raise maxSuspensionBytes to allow more.`,
    context: { limit: 'maxSuspensionBytes', value: maxSuspensionBytes, bytes },
  };
}

function storeFailure(error: unknown): WasmError {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    code: 'EXECUTION_ERROR',
    message: `The handler waits for an extension and could not be kept: ${reason}`,
    context: { layer: 'suspension', reason },
  };
}

function recorded(id: string, { state, content }: SuspensionOutcome): WasmResult {
  if (state === 'expired') throw expired(id);
  return decodeOutcome(content);
}

function calledOff(suspensionId: string): WasmResult {
  const message = `The suspended handler ${suspensionId} was cancelled.`;
  return errorResult({ code: 'CANCELLED', message, context: { suspensionId } }, {});
}

function notFound(suspensionId: string): NexusError {
  const message = `There is no suspended handler ${suspensionId}: it was never here, or its outcome is no longer kept.`;
  return new NexusError('SUSPENSION_NOT_FOUND', message, { context: { suspensionId } });
}

function expired(suspensionId: string): NexusError {
  const message = `The suspended handler ${suspensionId} has expired; suspensionTtlMs says how long one is kept.`;
  return new NexusError('SUSPENSION_EXPIRED', message, { context: { suspensionId } });
}

function lostLease(suspensionId: string): NexusError {
  const message = `The lease on the suspended handler ${suspensionId} was lost while it was resumed. Nothing of it was delivered: resume it again.`;
  return new NexusError('INTERNAL_ERROR', message, { context: { suspensionId } });
}
