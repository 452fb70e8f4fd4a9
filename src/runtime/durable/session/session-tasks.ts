import type { ExtensionCall } from '../../../api/result.js';
import { isSignalWait } from '../../../execution/own-call-kinds.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import type { HeldGeneration } from '../../../suspension/durable/durable-store.js';
import { sleep } from '../../../suspension/store-calls.js';
import type { TaskRun } from '../task-sender.js';
import type { SessionParts } from './session-parts.js';

/** When calls that others make have no answer, they are told again: the task may be lost. Less and less often. */
const FIRST_REMINDER_MS = 60_000;
const LAST_REMINDER_MS = 60 * 60_000;
/** A queue that is away is tried again after a sixth of the time that the call has waited: one that was away for a minute, within ten seconds. */
const UNSENT_SHARE = 1 / 6;
const FIRST_UNSENT_MS = 5_000;
/** Earlier tasks have another time, or are repetitions. */
const MAX_EARLY_MS = 1_000;

/** What a session has to do with tasks: whether one came early, and of what others are told. */
export class SessionTasks {
  readonly #parts: SessionParts;
  /** Ids of calls that others make, and were told of. */
  readonly #sent = new Set<string>();
  /** Whether the queue did not take the last of them. */
  #isUnsent = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Whether its time has come. A task may come early, or twice: then it waits as before. */
  isDue(held: HeldGeneration): boolean {
    return (held.isArrival && held.content.kind !== 'begin') || this.#leftMs(held) <= 0;
  }

  /** {@link isDue}, after a moment if it is nearly so: the clocks of a queue and of a store differ. */
  async isDueSoon(held: HeldGeneration): Promise<boolean> {
    const leftMs = this.#leftMs(held);
    // A timer of Node may end a millisecond early.
    if (!this.isDue(held) && leftMs <= MAX_EARLY_MS) await sleep(leftMs + 1);
    return this.isDue(held);
  }

  /** A begin has its time under its seal: messages to it, or a secret that is changed, do not let it begin before. */
  #leftMs({ content, dueAtMs = Number.POSITIVE_INFINITY }: HeldGeneration): number {
    const { clock } = this.#parts.store;
    return content.kind === 'begin' ? content.arrivalMs - clock.now() : dueAtMs - clock.atLeast();
  }

  /**
   * Gives it back until a time, or until there is a message.
   *
   * @returns a claim again, if a message came meanwhile: its task found this claim, and no other task comes
   */
  async letGo(held: HeldGeneration, next?: { readonly dueAtMs?: number }): Promise<HeldGeneration | undefined> {
    const { store, sender } = this.#parts;
    await held.release(next);
    if (sender === undefined) return undefined;
    const seen = held.messages.map(({ id }) => id);
    return (await store.messagesOf(held.id, seen)).length > 0 ? store.claim(held.id) : undefined;
  }

  runOf({ content: { facts } }: HeldGeneration, run?: SuspendedRun): TaskRun {
    const { deployment = this.#parts.deployment } = run ?? {};
    return { runId: facts.runId, deployment, tenant: facts.tenant };
  }

  /**
   * Calls of extensions that this process does not have, of which nobody was told, or a long time ago.
   *
   * @param calls that have no answer
   */
  unsent(held: HeldGeneration, calls: readonly ExtensionCall[]): ExtensionCall[] {
    if (this.#parts.sender === undefined) return [];
    const others = this.#ofOthers(calls);
    const isReminder = !held.isArrival && this.isDue(held);
    const unsent = others.filter(({ callId }) => isReminder || (held.isArrival && !this.#sent.has(callId)));
    for (const { callId } of others) this.#sent.add(callId);
    return unsent;
  }

  /** @param later ids of calls that were made, and whose answers come from elsewhere */
  async send(
    held: HeldGeneration,
    run: SuspendedRun,
    calls: readonly ExtensionCall[],
    later: readonly string[],
  ): Promise<void> {
    const made = new Set(later);
    const unmade = calls.filter(({ callId }) => !made.has(callId));
    if (unmade.length === 0) return;
    this.#isUnsent = (await this.#parts.sender?.calls(this.runOf(held, run), unmade)) === false;
  }

  /** When others are told again of the calls that they make, by the store's clock: the longer it waits, the later. */
  reminderOf(held: HeldGeneration, calls: readonly ExtensionCall[], later: readonly string[]): number | undefined {
    const { sender, store } = this.#parts;
    const made = new Set(later);
    if (sender === undefined || this.#ofOthers(calls).every(({ callId }) => made.has(callId))) return undefined;
    const { arrivalMs } = held.content;
    const ageMs = store.clock.now() - arrivalMs;
    const unsentMs = Math.min(FIRST_REMINDER_MS, Math.max(FIRST_UNSENT_MS, Math.ceil(ageMs * UNSENT_SHARE)));
    return arrivalMs + (this.#isUnsent ? ageMs + unsentMs : reminderAfter(ageMs));
  }

  #ofOthers(calls: readonly ExtensionCall[]): readonly ExtensionCall[] {
    const { extensions } = this.#parts.options;
    return calls.filter((call) => !isSignalWait(call) && !Object.hasOwn(extensions, call.extensionName));
  }
}

/**
 * A claim for another reason, such as a signal that nothing waits for, does not postpone the next reminder: their times follow from the arrival.
 *
 * @returns the time of the first reminder after `ageMs`; both are measured from the arrival
 */
function reminderAfter(ageMs: number): number {
  let afterMs = FIRST_REMINDER_MS;
  while (afterMs <= ageMs && afterMs < LAST_REMINDER_MS) afterMs *= 2;
  return afterMs > ageMs ? afterMs : afterMs + Math.ceil((ageMs - afterMs + 1) / LAST_REMINDER_MS) * LAST_REMINDER_MS;
}
