import type { EventOrigin } from '../api/observing/observer.js';
import type { WasmResult } from '../api/result.js';
import type { SettleAnswer, StoredSuspension, SuspensionOutcome, SuspensionStore } from '../api/suspension-store.js';
import type { Origin } from '../execution/origin.js';
import type { SegmentRun } from '../execution/segment-runner.js';
import type { Telemetry } from '../metrics/telemetry.js';
import { nextSuspensionId, parseSuspensionId } from '../support/run-ids.js';
import type { RecordedOutcome, RecordedOutcomes } from './recorded-outcomes.js';
import type { StoreRoom } from './room/store-room.js';
import type { AnsweredCalls } from './sealed/outcome-shape.js';
import type { StoreAdmission } from './store-admission.js';
import { ask, offer, PollPauses, sleep } from './store-calls.js';
import type { StoreClock } from './store-clock.js';
import { lostLease, notFound, notRecorded, suspended, unkept, withoutValues } from './suspension-results.js';

/** What is counted of a suspended handler when it is no longer stored. */
export interface Storage {
  readonly origin: EventOrigin;
  readonly bytes: number;
  readonly sinceMs: number;
}

/** What is settled: a claim on a suspended handler. */
interface Claimed {
  readonly id: string;
  readonly fence: number;
  readonly storage: Storage;
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

/** Records how the segments of claimed handlers ended. */
export class Settlements {
  readonly #store: SuspensionStore;
  readonly #room: StoreRoom;
  readonly #outcomes: RecordedOutcomes;
  readonly #admission: StoreAdmission;
  readonly #telemetry: Telemetry;
  readonly #clock: StoreClock;

  constructor(parts: {
    readonly store: SuspensionStore;
    readonly room: StoreRoom;
    readonly outcomes: RecordedOutcomes;
    readonly admission: StoreAdmission;
    readonly telemetry: Telemetry;
    readonly clock: StoreClock;
  }) {
    this.#store = parts.store;
    this.#room = parts.room;
    this.#outcomes = parts.outcomes;
    this.#admission = parts.admission;
    this.#telemetry = parts.telemetry;
    this.#clock = parts.clock;
  }

  /**
   * Records how a segment ended.
   *
   * @returns the result that counts: this one, or one that another caller recorded first
   */
  async settle(
    { id, fence, storage }: Claimed,
    executed: SegmentRun,
    answers: AnsweredCalls,
    origin: EventOrigin,
  ): Promise<Settlement> {
    const end = await this.#sealEnd(id, executed, answers);
    const answer = await this.#offer(id, fence, end);
    if (answer.kind !== 'recorded') {
      const superseding = await this.superseding(id, answer);
      return { result: superseding.result, superseding };
    }
    this.#telemetry.storage(storage.origin, storage.bytes, this.#clock.now() - storage.sinceMs);
    const { result, outcome, next } = end;
    if (next !== undefined) {
      this.#room.confirm(next.id);
      this.#admission.note(next, origin);
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
    const next = await this.#admission.admit(nextSuspensionId(current), waiting, id);
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

  /** The lease was lost: the outcome of another caller, which counts. */
  async superseding(id: string, answer: Exclude<SettleAnswer, { kind: 'recorded' }>): Promise<RecordedOutcome> {
    if (answer.kind === 'settled') {
      await this.#room.record(id, answer.outcome.content.length, answer.outcome.settledAtMs);
      return this.#outcomes.open(id, answer.outcome);
    }
    if (answer.kind === 'unknown') throw notFound(id);
    const pauses = new PollPauses();
    for (;;) {
      const found = await ask(() => this.#store.read(id));
      if (found === undefined) throw notFound(id);
      if (found.outcome !== undefined) return this.#outcomes.open(id, found.outcome);
      // The caller that had it after us died, too: nothing is recorded, and it can be resumed again.
      const leftMs = found.lease === undefined ? 0 : found.lease.leaseUntilMs - this.#clock.now();
      if (leftMs <= 0) throw lostLease(id);
      await sleep(pauses.next(leftMs));
    }
  }
}
