import { hostname } from 'node:os';

import type { ExtensionCall, WasmError, WasmResult } from '../../api/result.js';
import type {
  DueSuspension,
  FoundSuspension,
  PostAnswer,
  StoredMessage,
  StoredSuspension,
  SuspensionFilter,
  SuspensionPage,
  SuspensionStore,
} from '../../api/suspension-store.js';
import { NotTransferableError } from '../../codec/values/encoding/not-transferable.js';
import type { RuntimeConfig } from '../../config/resolve.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import type { WaitingRun } from '../../execution/waiting-run.js';
import type { Telemetry } from '../../metrics/telemetry.js';
import { KNOWN_ABIS } from '../../protocol/guest-abis.js';
import { formatSuspensionId, idAfter, runIdOf } from '../../support/run-ids.js';
import type { ExpirySweeps } from '../expiry-sweeps.js';
import { HeldLease } from '../held-lease.js';
import type { KeptImages } from '../images/kept-images.js';
import type { RecordedOutcomes } from '../recorded-outcomes.js';
import type { StoreRoom } from '../room/store-room.js';
import type { EnvelopeKeys } from '../sealed/envelope-keys.js';
import { decodeOutcome } from '../sealed/outcome-content.js';
import { openRun, pendingCallsOf, sealRun, storedTenant } from '../sealed/run-envelope.js';
import { ask, offer } from '../store-calls.js';
import type { StoreClock } from '../store-clock.js';
import { noRoom, notRecorded, tooLarge, tooManyCalls, unreadable } from '../suspension-results.js';
import { ContentTooLargeError, type DurableContent, openDurable, sealDurable } from './durable-envelope.js';
import type { AdvanceOptions, HeldGeneration } from './held-generation.js';
import { labelsOf, storedRunId } from './run-labels.js';
import { openMessage, type RunMessage, sealMessage } from './run-message.js';

export type { HeldGeneration } from './held-generation.js';
export { storedRunId } from './run-labels.js';

/** A store takes messages of 16 MiB. */
const MAX_PAYLOAD_BYTES = 15 * 1024 * 1024;
/** A generation that is over is of use only to who was too slow. */
const STEP_KEPT_MS = 60_000;

/** A handler that waits, and its calls. */
export interface OpenedHandler {
  readonly run: SuspendedRun;
  readonly calls: readonly ExtensionCall[];
}

/** A handler that waits as it is kept, and when its last timer is due; or why it cannot be kept. */
export type SealedHandler = { readonly inner: Uint8Array; readonly untilMs: number } | { readonly error: WasmError };

export interface DurableStoreParts {
  readonly config: RuntimeConfig;
  /** Fingerprint. */
  readonly engine: string;
  readonly store: SuspensionStore;
  readonly room: StoreRoom;
  readonly outcomes: RecordedOutcomes;
  readonly sweeps: ExpirySweeps;
  readonly telemetry: Telemetry;
  readonly clock: StoreClock;
  readonly images: KeptImages;
}

/** The runs in a store: generations under their sealed envelopes, and messages to them. */
export class DurableStore {
  readonly #parts: DurableStoreParts;
  readonly #owner = `${hostname()}:${process.pid}`;
  /** Ids of what this process is giving back. */
  readonly #returning = new Set<string>();

  constructor(parts: DurableStoreParts) {
    this.#parts = parts;
  }

  get clock(): StoreClock {
    return this.#parts.clock;
  }

  /**
   * Stores the first generation of a run: its begin, or where it waits if it began elsewhere.
   *
   * @returns false if there is a run of this id
   * @throws NexusError RESOURCE_LIMIT if there is no room
   */
  async begin(
    content: Omit<DurableContent, 'arrivalMs'>,
    startAtMs: number | undefined,
    deployment: string,
    { untilMs = 0, dueAtMs }: Pick<AdvanceOptions, 'untilMs' | 'dueAtMs'> = {},
  ): Promise<boolean> {
    const { store, room, clock } = this.#parts;
    const runId = storedRunId(content.facts.runId);
    if ((await ask(() => store.current(runId))) !== undefined) return false;
    const nowMs = await clock.current();
    const id = formatSuspensionId({ runId, generation: 1 });
    // Whoever takes it finds out by the image that there is such a deployment.
    await this.#parts.images.ensure();
    const arrivalMs = Math.max(nowMs, startAtMs ?? 0);
    const at = {
      ...{ deployment, nowMs, untilMs: Math.max(arrivalMs, untilMs) },
      ...(dueAtMs !== undefined && { dueAtMs }),
    };
    const sealed = await this.#seal(id, { ...content, arrivalMs }, at);
    if ('error' in sealed) {
      const { code, message, context } = sealed.error;
      throw new NexusError('RESOURCE_LIMIT', `The run ${content.facts.runId} cannot begin: ${message}`, {
        context: { ...context, code },
      });
    }
    try {
      await ask(() => store.put(sealed));
    } catch (error) {
      room.withdraw(id);
      // Another process has begun it at the same moment.
      if (error instanceof NexusError && error.code === 'INVALID_ARGUMENT' && (await ask(() => store.current(runId))))
        return false;
      throw error;
    }
    room.confirm(id);
    this.#parts.telemetry.runStarted();
    this.#parts.sweeps.begin();
    return true;
  }

  /** The deployments whose runs can go on here. */
  deployments(): Promise<readonly string[]> {
    return this.#parts.images.deployments();
  }

  async due(limit: number, deployment: string): Promise<readonly DueSuspension[]> {
    const nowMs = await this.#parts.clock.current();
    return ask(() => this.#parts.store.due(nowMs, { limit, deployment }));
  }

  /**
   * @returns undefined if somebody has it, or nobody can any more
   * @throws NexusError SUSPENSION_INCOMPATIBLE for a damaged one, which is given back
   */
  async claim(id: string): Promise<HeldGeneration | undefined> {
    const { store, clock, config, outcomes, room } = this.#parts;
    const { leaseMs } = config.suspension;
    // It is ours until the store takes it back.
    if (this.#returning.has(id)) return undefined;
    const nowMs = await clock.current();
    const lease = { owner: this.#owner, leaseUntilMs: nowMs + leaseMs };
    const answer = await ask(() => store.claim(id, lease, nowMs));
    if (answer.kind !== 'claimed') return undefined;
    const { fence, envelope, messages, dueAtMs, losses } = answer;
    const held = new HeldLease({ ...this.#parts, leaseMs }, id, fence);
    const release = (next?: { readonly dueAtMs?: number }) => {
      this.#returning.add(id);
      return held.release(next, () => this.#returning.delete(id));
    };
    try {
      const content = await openDurable(id, envelope, await outcomes.keys());
      room.note(id, storedTenant(content.facts.tenant), envelope.length);
      const isArrival = dueAtMs === content.arrivalMs;
      return {
        id,
        content,
        messages,
        isArrival,
        dueAtMs,
        losses,
        lost: held.lost,
        release,
        fence,
        lease: held,
        bytes: envelope.length,
        ...(dueAtMs !== undefined && { dueAtMs }),
      };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /**
   * Records how a run goes on, and takes messages out of its mailbox.
   *
   * @returns the id of the next generation; an error if there is no room for it; undefined if the claim was lost
   */
  async advance(
    held: HeldGeneration,
    content: Omit<DurableContent, 'facts' | 'arrivalMs'>,
    consumed: readonly string[],
    deployment: string,
    { untilMs = 0, dueAtMs, keptMs }: AdvanceOptions = {},
  ): Promise<string | { readonly error: WasmError } | undefined> {
    const { room, clock, store } = this.#parts;
    const next = idAfter(held.id) as string;
    const nowMs = await clock.current();
    const { facts, retries = 0 } = held.content;
    const at = {
      ...{ deployment, nowMs, untilMs: Math.max(nowMs, untilMs) },
      ...(dueAtMs !== undefined && { dueAtMs }),
      ...(keptMs !== undefined && { keptMs }),
    } as const;
    const arrivalMs = dueAtMs === undefined ? nowMs : held.content.arrivalMs;
    const sealed = await this.#seal(next, { retries, ...content, facts, arrivalMs }, at, held.id);
    if ('error' in sealed) return sealed;
    const { outcomeRetentionMs } = this.#parts.config.suspension;
    // What came of it is in the next generation, and nobody asks for it here.
    const outcome = {
      state: 'continued',
      content: new Uint8Array(),
      settledAtMs: nowMs,
      keepUntilMs: nowMs + Math.min(outcomeRetentionMs, STEP_KEPT_MS),
    } as const;
    let isRecorded = false;
    try {
      const answer = await offer(store, held.id, held.fence, outcome, sealed, consumed);
      isRecorded = answer.kind === 'recorded';
    } finally {
      held.lease.end();
      if (isRecorded) room.confirm(next);
      else room.withdraw(next, held.id);
    }
    if (!isRecorded) return undefined;
    await room.record(held.id, 0, nowMs);
    return next;
  }

  /** Records the end of a run. @returns false if the claim was lost */
  async finish(held: HeldGeneration, result: WasmResult): Promise<boolean> {
    const { outcomes, room, store } = this.#parts;
    const state =
      result.status === 'success' ? 'completed' : result.error?.code === 'CANCELLED' ? 'cancelled' : 'failed';
    await this.#parts.clock.current();
    const outcome = await outcomes.sealPlain(held.id, state, result);
    const answer = await offer(store, held.id, held.fence, outcome, undefined);
    held.lease.end();
    if (answer.kind !== 'recorded') return false;
    this.#parts.telemetry.runEnded(state);
    await room.record(held.id, outcome.content.length, outcome.settledAtMs);
    return true;
  }

  /** Of a payload. */
  get maxPayloadBytes(): number {
    return Math.min(this.#parts.config.limits.maxContextBytes, MAX_PAYLOAD_BYTES);
  }

  /**
   * The end of a run that failed was told: it is kept as long as a result is, so that it can be tried again.
   *
   * @returns false if the claim was lost
   */
  async keepFailed(held: HeldGeneration, result: WasmResult, deployment: string): Promise<boolean> {
    const { facts: _, arrivalMs: __, ...content } = held.content;
    const innerId = content.inner && { innerId: content.innerId ?? held.id };
    const kept = { dueAtMs: 'never', keptMs: this.#parts.config.suspension.outcomeRetentionMs } as const;
    const next = await this.advance(held, { ...content, ...innerId }, [], deployment, kept);
    // Without room, only its result is kept.
    if (typeof next === 'object') return this.finish(held, result);
    if (next !== undefined) this.#parts.telemetry.runEnded('failed');
    return next !== undefined;
  }

  /** Seals a handler that waits, for the generation after a claimed one. */
  sealHandler(held: HeldGeneration, waiting: Pick<WaitingRun, 'run' | 'calls'>): Promise<SealedHandler> {
    return this.#sealHandlerAs(idAfter(held.id) as string, waiting);
  }

  /** Seals a handler that waits, for the first generation of a run. */
  sealFirst(runId: string, waiting: Pick<WaitingRun, 'run' | 'calls'>): Promise<SealedHandler> {
    return this.#sealHandlerAs(formatSuspensionId({ runId: storedRunId(runId), generation: 1 }), waiting);
  }

  async #sealHandlerAs(id: string, { run, calls }: Pick<WaitingRun, 'run' | 'calls'>): Promise<SealedHandler> {
    const { clock, images } = this.#parts;
    await clock.current();
    await images.ensure(run);
    const stored = { ...clock.stored(run), deployment: run.deployment ?? images.deployment };
    try {
      const inner = await sealRun(id, { run: stored, calls }, await this.#parts.outcomes.keys());
      if ('maxCalls' in inner) return { error: tooManyCalls(run.calls.length, inner.maxCalls) };
      return { inner, untilMs: Math.max(0, ...(stored.timers ?? []).map(({ dueAtMs }) => dueAtMs)) };
    } catch (error) {
      if (error instanceof NotTransferableError) return { error: notRecorded(error.reason) };
      throw error;
    }
  }

  /**
   * The handler that waits, with its image, and its calls.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE
   */
  async openHandler(id: string, content: DurableContent): Promise<OpenedHandler> {
    const { run, calls } = await this.#openHandler(id, content, KNOWN_ABIS);
    return { run: await this.#parts.images.withImage(id, run), calls };
  }

  /**
   * The same for who only looks at it: it may wait for another version.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE if it is damaged
   */
  inspectHandler(id: string, content: DurableContent): Promise<OpenedHandler> {
    return this.#openHandler(id, content);
  }

  async #openHandler(
    id: string,
    { inner, innerId = id }: DurableContent,
    abis?: readonly number[],
  ): Promise<OpenedHandler> {
    const { config, engine, outcomes, clock } = this.#parts;
    const { memoryLimitBytes } = config.limits;
    const bounds = { ...(abis && { abis }), engine, memoryLimitBytes };
    const opened = await openRun(innerId, inner ?? new Uint8Array(), await outcomes.keys(), bounds);
    const calls = await pendingCallsOf(innerId, opened);
    return { run: clock.opened(opened), calls };
  }

  /** When the last timer of a handler is due, by the store's clock; 0 if it has none, or is of another deployment. */
  async lastTimerMs({ id, content }: HeldGeneration): Promise<number> {
    if (content.inner === undefined) return 0;
    const { timers = [] } = await this.inspectHandler(id, content).then(
      ({ run }) => run,
      () => ({ timers: [] }),
    );
    return Math.max(0, ...timers.map((timer) => this.clock.timerAtMs(timer)));
  }

  list(options: SuspensionFilter & { readonly after?: string; readonly limit: number }): Promise<SuspensionPage> {
    return ask(() => this.#parts.store.list(options));
  }

  current(runId: string): Promise<FoundSuspension | undefined> {
    return ask(() => this.#parts.store.current(storedRunId(runId)));
  }

  async open(found: FoundSuspension): Promise<DurableContent | undefined> {
    if (found.envelope === undefined) return undefined;
    return openDurable(found.id, found.envelope, await this.#parts.outcomes.keys());
  }

  /** The result of a run that has ended. */
  async resultOf(found: FoundSuspension): Promise<WasmResult | undefined> {
    const { state, info } = found;
    // One that failed is kept as it was, and has ended when its end was told.
    const isKept = info['hasFailed'] === true && state === 'suspended' && found.dueAtMs === undefined;
    const content = isKept ? await this.open(found) : undefined;
    if (content?.kind === 'end') return decodeOutcome(content.document);
    if (found.outcome === undefined) return undefined;
    const { result } = await this.#parts.outcomes.open(found.id, found.outcome);
    const { replayed: _, ...rest } = result;
    return rest as WasmResult;
  }

  async post(runId: string, id: string, message: RunMessage): Promise<PostAnswer> {
    const stored = storedRunId(runId);
    const content = await sealMessage(stored, id, message, await this.#parts.outcomes.keys());
    return ask(() => this.#parts.store.post(stored, { id, content }));
  }

  /** Deletes runs, by the ids that the store knows. @param ids of their generations, as far as they are known */
  async erase(runIds: readonly string[], ids: readonly string[]): Promise<void> {
    await ask(() => this.#parts.store.erase(runIds));
    for (const id of ids) this.#parts.room.forget(id);
  }

  /** The last generation of a run, by the id that the store knows. */
  async idOfCurrent(runId: string): Promise<string | 'damaged' | undefined> {
    try {
      return (await ask(() => this.#parts.store.current(runId)))?.id;
    } catch (error) {
      if (error instanceof NexusError && error.code === 'SUSPENSION_INCOMPATIBLE') return 'damaged';
      throw error;
    }
  }

  read(id: string): Promise<FoundSuspension | undefined> {
    return ask(() => this.#parts.store.read(id));
  }

  keys(): Promise<EnvelopeKeys> {
    return this.#parts.outcomes.keys();
  }

  /** @param known ids of messages that are left out */
  async messagesOf(id: string, known: readonly string[] = []): Promise<readonly StoredMessage[]> {
    const messages = await ask(() => this.#parts.store.messages(runIdOf(id), known));
    // Stores of applications may not know of it.
    const left = new Set(known);
    return messages.filter((message) => !left.has(message.id));
  }

  async openMessage(id: string, { id: messageId, content }: StoredMessage): Promise<RunMessage> {
    return openMessage(runIdOf(id), messageId, content, await this.#parts.outcomes.keys());
  }

  async #seal(
    id: string,
    content: DurableContent,
    at: {
      readonly deployment: string;
      readonly nowMs: number;
      readonly untilMs: number;
      readonly dueAtMs?: number | 'never';
      readonly keptMs?: number;
    },
    replaces?: string,
  ): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { config, room, outcomes } = this.#parts;
    const { maxBytes, ttlMs } = config.suspension;
    const { dueAtMs = content.arrivalMs, keptMs = ttlMs } = at;
    const tenant = storedTenant(content.facts.tenant);
    let envelope: Uint8Array;
    try {
      envelope = await sealDurable(id, content, await outcomes.keys());
    } catch (error) {
      if (!(error instanceof ContentTooLargeError)) throw error;
      return { error: unreadable(error.message) };
    }
    if (envelope.length > maxBytes) return { error: tooLarge(envelope.length, maxBytes) };
    const suspension: StoredSuspension = {
      id,
      envelope,
      createdAtMs: at.nowMs,
      expiresAtMs: at.untilMs + keptMs,
      ...(dueAtMs !== 'never' && { dueAtMs }),
      deployment: at.deployment,
      ...(tenant !== undefined && { tenant }),
      info: labelsOf(content),
    };
    const refusal = await room.admit(suspension, replaces);
    return refusal === undefined ? suspension : { error: noRoom(refusal, envelope.length) };
  }
}
