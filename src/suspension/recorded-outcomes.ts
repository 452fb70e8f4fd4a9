import type { WasmResult } from '../api/result.js';
import type { SuspensionOutcome, SuspensionStore } from '../api/suspension-store.js';
import { MalformedValueError } from '../codec/values/decoding/byte-reader.js';
import type { SuspensionConfig } from '../config/resolve-suspension.js';
import { NexusError } from '../errors/nexus-error.js';
import { incompatible } from './incompatible.js';
import { type EnvelopeKeys, envelopeKeys } from './sealed/envelope-keys.js';
import { decodeOutcome, encodeOutcome, openOutcome, sealOutcome } from './sealed/outcome-content.js';
import type { AnsweredCalls } from './sealed/outcome-shape.js';
import { askKey } from './store-calls.js';
import type { StoreClock } from './store-clock.js';
import { expired } from './suspension-results.js';

/** What came of a suspended handler before. */
export interface RecordedOutcome {
  readonly kind: 'recorded';
  readonly state: SuspensionOutcome['state'];
  /** Marked as replayed. */
  readonly result: WasmResult;
  /** The answers of which it came, where there were any. */
  readonly answers?: AnsweredCalls;
}

/** What came of suspended handlers, sealed as the handlers are. */
export class RecordedOutcomes {
  readonly #secrets: readonly Uint8Array[];
  readonly #store: SuspensionStore;
  readonly #clock: StoreClock;
  readonly #retentionMs: number;
  #keys: Promise<EnvelopeKeys> | undefined;

  /** @param config its secrets seal; without any, the store's own key does */
  constructor(
    { secrets, outcomeRetentionMs }: Pick<SuspensionConfig, 'secrets' | 'outcomeRetentionMs'>,
    store: SuspensionStore,
    clock: StoreClock,
  ) {
    this.#secrets = secrets;
    this.#store = store;
    this.#clock = clock;
    this.#retentionMs = outcomeRetentionMs;
  }

  /** The keys for envelopes: the same promise until reading the store's key fails. */
  keys(): Promise<EnvelopeKeys> {
    this.#keys ??= envelopeKeys(this.#secrets, () => askKey(this.#store)).catch((error) => {
      this.#keys = undefined;
      throw error;
    });
    return this.#keys;
  }

  /** Seals a result for recording. Later callers get its content as if it had just happened. */
  async seal(
    id: string,
    state: SuspensionOutcome['state'],
    result: WasmResult,
    answers?: AnsweredCalls,
  ): Promise<SuspensionOutcome | { readonly unencodable: string }> {
    const encoded = await encodeOutcome(result);
    if ('unencodable' in encoded) return encoded;
    const content = await sealOutcome(id, state, encoded.content, answers, await this.keys());
    const settledAtMs = this.#clock.now();
    return { state, content, settledAtMs, keepUntilMs: settledAtMs + this.#retentionMs };
  }

  /** As {@link seal}, of a result without values of the handler's. */
  async sealPlain(
    id: string,
    state: SuspensionOutcome['state'],
    result: WasmResult,
    answers?: AnsweredCalls,
  ): Promise<SuspensionOutcome> {
    const outcome = await this.seal(id, state, result, answers);
    if ('unencodable' in outcome) throw new NexusError('INTERNAL_ERROR', `An outcome ${outcome.unencodable}.`);
    return outcome;
  }

  /** @throws NexusError SUSPENSION_EXPIRED; SUSPENSION_INCOMPATIBLE when it is not what was recorded */
  async open(id: string, { state, content }: SuspensionOutcome): Promise<RecordedOutcome> {
    if (state === 'expired') throw expired(id);
    const { content: encoded, answers } = await openOutcome(id, state, content, await this.keys());
    try {
      const result: WasmResult = { ...(await decodeOutcome(encoded)), replayed: true };
      return { kind: 'recorded', state, result, ...(answers && { answers }) };
    } catch (error) {
      if (!(error instanceof MalformedValueError)) throw error;
      const message = `The outcome that is recorded of the suspended handler ${id} ${error.message}.`;
      throw incompatible('content', message, { suspensionId: id });
    }
  }
}
