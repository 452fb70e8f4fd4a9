import type { EventOrigin } from '../api/observer.js';
import type { WasmError } from '../api/result.js';
import type { StoredSuspension } from '../api/suspension-store.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { wakeAtMs } from '../execution/own-calls.js';
import type { WaitingRun } from '../execution/segment-runner.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import type { ActiveSuspensions } from './active-suspensions.js';
import type { RecordedOutcomes } from './recorded-outcomes.js';
import type { StoreRoom } from './room/store-room.js';
import { sealRun, storedTenant, summariseRun } from './sealed/run-envelope.js';
import { noRoom, tooLarge, tooManyCalls } from './suspension-results.js';

/** Seals handlers that wait, and finds places for them in the store. */
export class StoreAdmission {
  readonly #bounds: RuntimeConfig['suspension'];
  readonly #room: StoreRoom;
  readonly #outcomes: RecordedOutcomes;
  readonly #active: ActiveSuspensions;
  readonly #telemetry: Telemetry;
  readonly #environment: RuntimeEnvironment;

  constructor(parts: {
    readonly bounds: RuntimeConfig['suspension'];
    readonly room: StoreRoom;
    readonly outcomes: RecordedOutcomes;
    readonly active: ActiveSuspensions;
    readonly telemetry: Telemetry;
    readonly environment: RuntimeEnvironment;
  }) {
    this.#bounds = parts.bounds;
    this.#room = parts.room;
    this.#outcomes = parts.outcomes;
    this.#active = parts.active;
    this.#telemetry = parts.telemetry;
    this.#environment = parts.environment;
  }

  /**
   * Seals a handler that waits and finds a place in the store for it.
   *
   * @param replaces the previous generation
   * @returns an error if there is no place
   */
  async admit(
    id: string,
    { run, letGo }: WaitingRun,
    replaces?: string,
  ): Promise<StoredSuspension | { readonly error: WasmError }> {
    const { maxBytes, ttlMs } = this.#bounds;
    const tenant = storedTenant(run.tenant);
    // Checked before sealing, which a tenant that is refused again and again would otherwise cause for nothing.
    const early = await this.#room.refusalOf(tenant, replaces);
    if (early !== undefined) return { error: noRoom(early) };
    const envelope = await sealRun(id, run, await this.#outcomes.keys());
    letGo();
    if ('maxCalls' in envelope) return { error: tooManyCalls(run.calls.length, envelope.maxCalls) };
    if (envelope.length > maxBytes) return { error: tooLarge(envelope.length, maxBytes) };
    const createdAtMs = this.#environment.now();
    const info = summariseRun(run);
    // It outlives every wait that it began.
    const times = { createdAtMs, expiresAtMs: Math.max(createdAtMs, wakeAtMs(run) ?? 0) + ttlMs };
    const suspension = { id, envelope, ...times, ...(tenant !== undefined && { tenant }), info };
    const refusal = await this.#room.admit(suspension, replaces);
    return refusal === undefined ? suspension : { error: noRoom(refusal, envelope.length) };
  }

  /** Tells observers of a handler that is in the store now. */
  note({ id, envelope, expiresAtMs }: StoredSuspension, origin: EventOrigin): void {
    this.#telemetry.suspension({ id, bytes: envelope.length, expiresAtMs }, origin);
    this.#active.add(id, expiresAtMs);
  }
}
