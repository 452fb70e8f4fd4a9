import type { EventOrigin } from '../api/observing/observer.js';
import type { WasmError } from '../api/result.js';
import type { StoredSuspension } from '../api/suspension-store.js';
import { NotTransferableError } from '../codec/values/encoding/not-transferable.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { wakeAtMs } from '../execution/own-calls.js';
import type { WaitingRun } from '../execution/waiting-run.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { ExpirySweeps } from './expiry-sweeps.js';
import type { KeptImages } from './images/kept-images.js';
import type { RecordedOutcomes } from './recorded-outcomes.js';
import type { StoreRoom } from './room/store-room.js';
import { sealRun, storedTenant, summariseRun } from './sealed/run-envelope.js';
import type { StoreClock } from './store-clock.js';
import { noRoom, notRecorded, tooLarge, tooManyCalls } from './suspension-results.js';

/** What a handler gave as an argument may have more values than can be read again. */
async function seal<T>(begin: () => Promise<T>): Promise<T | { readonly unencodable: string }> {
  try {
    return await begin();
  } catch (error) {
    if (error instanceof NotTransferableError) return { unencodable: error.reason };
    throw error;
  }
}

/** Seals handlers that wait, and finds places for them in the store. */
export class StoreAdmission {
  readonly #bounds: RuntimeConfig['suspension'];
  readonly #room: StoreRoom;
  readonly #outcomes: RecordedOutcomes;
  readonly #sweeps: ExpirySweeps;
  readonly #telemetry: Telemetry;
  readonly #clock: StoreClock;
  readonly #images: KeptImages;

  constructor(parts: {
    readonly bounds: RuntimeConfig['suspension'];
    readonly room: StoreRoom;
    readonly outcomes: RecordedOutcomes;
    readonly sweeps: ExpirySweeps;
    readonly telemetry: Telemetry;
    readonly clock: StoreClock;
    readonly images: KeptImages;
  }) {
    this.#images = parts.images;
    this.#bounds = parts.bounds;
    this.#room = parts.room;
    this.#outcomes = parts.outcomes;
    this.#sweeps = parts.sweeps;
    this.#telemetry = parts.telemetry;
    this.#clock = parts.clock;
  }

  /**
   * Seals a handler that waits and finds a place in the store for it.
   *
   * @param replaces the previous generation
   * @returns an error if there is no place
   */
  async admit(
    id: string,
    { run, calls, letGo }: WaitingRun,
    replaces?: string,
  ): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { maxBytes, ttlMs } = this.#bounds;
    const tenant = storedTenant(run.tenant);
    // Checked before sealing, which a tenant that is refused again and again would otherwise cause for nothing.
    const early = await this.#room.refusalOf(tenant, replaces);
    if (early !== undefined) return { error: noRoom(early) };
    const keys = await this.#outcomes.keys();
    const createdAtMs = await this.#clock.current();
    await this.#images.ensure(run);
    const { deployment = this.#images.deployment } = run;
    const stored = { ...this.#clock.stored(run), deployment };
    const envelope = await seal(() => sealRun(id, { run: stored, calls }, keys));
    letGo();
    if ('unencodable' in envelope) return { error: notRecorded(envelope.unencodable) };
    if ('maxCalls' in envelope) return { error: tooManyCalls(run.calls.length, envelope.maxCalls) };
    if (envelope.length > maxBytes) return { error: tooLarge(envelope.length, maxBytes) };
    const info = summariseRun(run);
    // It outlives every wait that it began.
    const times = { createdAtMs, expiresAtMs: Math.max(createdAtMs, wakeAtMs(stored) ?? 0) + ttlMs };
    const suspension = { id, envelope, ...times, deployment, ...(tenant !== undefined && { tenant }), info };
    const refusal = await this.#room.admit(suspension, replaces);
    return refusal === undefined ? suspension : { error: noRoom(refusal, envelope.length) };
  }

  /** Tells observers of a handler that is in the store now. */
  note({ id, envelope, expiresAtMs }: StoredSuspension, origin: EventOrigin): void {
    this.#telemetry.suspension({ id, bytes: envelope.length, expiresAtMs }, origin);
    this.#sweeps.begin();
  }
}
