import type { WasmResult } from '../api/result.js';
import type { SuspensionOutcome, SuspensionStore } from '../api/suspension-store.js';
import { MalformedValueError } from '../codec/values/decoding/byte-reader.js';
import { NexusError } from '../errors/nexus-error.js';
import type { Environment } from '../support/environment.js';
import { incompatible } from './incompatible.js';
import { type EnvelopeKeys, envelopeKeys } from './sealed/envelope-keys.js';
import { decodeOutcome, encodeOutcome, openOutcome, sealOutcome } from './sealed/outcome-content.js';
import { askKey } from './store-calls.js';
import { expired } from './suspension-results.js';

/** How long the outcome of a resume can be requested again. */
const OUTCOME_RETENTION_MS = 24 * 60 * 60 * 1000;

/** The outcomes of suspended handlers, sealed like the handlers. */
export class RecordedOutcomes {
  readonly #secrets: readonly Uint8Array[];
  readonly #store: SuspensionStore;
  readonly #surroundings: Environment;
  #keys: Promise<EnvelopeKeys> | undefined;

  /** @param secrets the secrets for envelopes; without any, the store's key seals */
  constructor(secrets: readonly Uint8Array[], store: SuspensionStore, surroundings: Environment) {
    this.#secrets = secrets;
    this.#store = store;
    this.#surroundings = surroundings;
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
  ): Promise<SuspensionOutcome | { readonly unencodable: string }> {
    const encoded = await encodeOutcome(result);
    if ('unencodable' in encoded) return encoded;
    const content = await sealOutcome(id, state, encoded.content, await this.keys());
    const settledAtMs = this.#surroundings.now();
    return { state, content, settledAtMs, keepUntilMs: settledAtMs + OUTCOME_RETENTION_MS };
  }

  /** Like {@link seal}, for a result without values of the handler. */
  async sealPlain(id: string, state: SuspensionOutcome['state'], result: WasmResult): Promise<SuspensionOutcome> {
    const outcome = await this.seal(id, state, result);
    if ('unencodable' in outcome) throw new NexusError('INTERNAL_ERROR', `An outcome ${outcome.unencodable}.`);
    return outcome;
  }

  /** @throws NexusError SUSPENSION_EXPIRED; SUSPENSION_INCOMPATIBLE if it is not what was recorded */
  async open(id: string, { state, content }: SuspensionOutcome): Promise<WasmResult> {
    if (state === 'expired') throw expired(id);
    const encoded = await openOutcome(id, state, content, await this.keys());
    try {
      return await decodeOutcome(encoded);
    } catch (error) {
      if (!(error instanceof MalformedValueError)) throw error;
      const message = `The outcome that is recorded of the suspended handler ${id} ${error.message}.`;
      throw incompatible('content', message, { suspensionId: id });
    }
  }
}
