import type { SuspensionStore } from '../api/suspension-store.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { repeatForApplication } from '../support/timers.js';
import type { StoreRoom } from './room/store-room.js';
import { summarisedOrigin } from './sealed/run-envelope.js';
import { ask } from './store-calls.js';

const SWEEP_MS = 60_000;

/**
 * The waiting handlers that this process suspended, and the sweep that expires all suspensions that are past
 * their time, of any process.
 */
export class ActiveSuspensions {
  readonly #store: SuspensionStore;
  readonly #room: StoreRoom;
  readonly #telemetry: Telemetry;
  readonly #environment: RuntimeEnvironment;
  /** When they expire, by id. */
  readonly #expiries = new Map<string, number>();
  #endSweeps: (() => void) | undefined;

  constructor(store: SuspensionStore, room: StoreRoom, telemetry: Telemetry, environment: RuntimeEnvironment) {
    this.#store = store;
    this.#room = room;
    this.#telemetry = telemetry;
    this.#environment = environment;
  }

  get count(): number {
    return this.#expiries.size;
  }

  add(id: string, expiresAtMs: number): void {
    this.#expiries.set(id, expiresAtMs);
    this.sweepFromNowOn();
  }

  /** It no longer waits. */
  delete(id: string): void {
    this.#expiries.delete(id);
  }

  sweepFromNowOn(): void {
    if (this.#endSweeps !== undefined) return;
    let isSweeping = false;
    this.#endSweeps = repeatForApplication(async () => {
      // One that takes longer than the interval is not joined by another.
      if (isSweeping) return;
      isSweeping = true;
      await this.sweep().catch(() => {});
      isSweeping = false;
    }, SWEEP_MS);
  }

  /** Expires what is past its time, and notifies the observers. */
  async sweep(): Promise<readonly string[]> {
    const nowMs = this.#environment.now();
    for (const [id, expiresAtMs] of this.#expiries) if (expiresAtMs <= nowMs) this.#expiries.delete(id);
    const swept = await ask(() => this.#store.sweep(nowMs));
    if (this.#telemetry.countsStorage) for (const id of swept.expired) await this.#countStorage(id);
    await this.#room.noteSweep(swept, nowMs);
    this.#telemetry.expiry(swept.expired);
    await this.#room.countWhenDue();
    return swept.expired;
  }

  /** An envelope is gone when it has expired: its size is what the room knows. */
  async #countStorage(id: string): Promise<void> {
    const bytes = this.#room.bytesOf(id);
    const found = bytes === undefined ? undefined : await ask(() => this.#store.read(id)).catch(() => undefined);
    if (found === undefined || bytes === undefined) return;
    this.#telemetry.storage(summarisedOrigin(found), bytes, found.expiresAtMs - found.createdAtMs);
  }

  close(): void {
    this.#endSweeps?.();
    this.#expiries.clear();
  }
}
