import type { SuspensionStore } from '../api/suspension-store.js';
import type { Telemetry } from '../metrics/telemetry.js';
import { repeatForApplication } from '../support/timers.js';
import type { KeptImages } from './images/kept-images.js';
import type { StoreRoom } from './room/store-room.js';
import { summarisedOrigin } from './sealed/run-envelope.js';
import { ask } from './store-calls.js';
import type { StoreClock } from './store-clock.js';

/** Up to a fifth of the interval is left out, so that many processes do not sweep at the same moment. */
const JITTER = 0.2;
/** Of suspensions that one call of the store expires and deletes. */
const SWEPT_AT_ONCE = 1_000;
const IMAGES_EVERY_MS = 60 * 60 * 1000;

/** Expires all suspensions that are past their time, of any process, again and again. */
export class ExpirySweeps {
  readonly #store: SuspensionStore;
  readonly #room: StoreRoom;
  readonly #telemetry: Telemetry;
  readonly #clock: StoreClock;
  readonly #everyMs: number;
  readonly #images: KeptImages;
  #imagesDueMs = Number.NEGATIVE_INFINITY;
  #end: (() => void) | undefined;
  #isClosed = false;

  constructor(
    store: SuspensionStore,
    room: StoreRoom,
    telemetry: Telemetry,
    clock: StoreClock,
    everyMs: number,
    images: KeptImages,
  ) {
    this.#images = images;
    this.#store = store;
    this.#room = room;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** Sweeps from now on. */
  begin(): void {
    if (this.#end !== undefined || this.#isClosed) return;
    let isSweeping = false;
    const everyMs = this.#everyMs * (1 - JITTER * Math.random());
    this.#end = repeatForApplication(async () => {
      // One that takes longer than the interval is not joined by another.
      if (isSweeping) return;
      isSweeping = true;
      await this.sweep().catch(() => {});
      isSweeping = false;
    }, everyMs);
  }

  /** Expires what is past its time, and notifies the observers. */
  async sweep(): Promise<void> {
    const nowMs = await this.#clock.current();
    let after: string | undefined;
    do {
      const from = after === undefined ? {} : { after };
      const swept = await ask(() => this.#store.sweep(nowMs, { limit: SWEPT_AT_ONCE, ...from }));
      if (this.#telemetry.countsStorage) for (const id of swept.expired) await this.#countStorage(id);
      await this.#room.noteSweep(swept, nowMs);
      this.#telemetry.expiry(swept.expired);
      after = swept.next;
    } while (after !== undefined && !this.#isClosed);
    await this.#room.countWhenDue();
    await this.#sweepImages();
  }

  /** Seldom, because it lists what waits. Images that nothing needs do no harm meanwhile. */
  async #sweepImages(): Promise<void> {
    const nowMs = this.#clock.now();
    if (nowMs < this.#imagesDueMs) return;
    const isFirst = this.#imagesDueMs === Number.NEGATIVE_INFINITY;
    this.#imagesDueMs = nowMs + IMAGES_EVERY_MS * (1 - JITTER * Math.random());
    // Not at once: a process that starts has other things to do.
    if (!isFirst) await this.#images.sweep();
  }

  /** An envelope is gone when it has expired: its size is what the room knows. */
  async #countStorage(id: string): Promise<void> {
    const bytes = this.#room.bytesOf(id);
    const found = bytes === undefined ? undefined : await ask(() => this.#store.read(id)).catch(() => undefined);
    if (found === undefined || bytes === undefined) return;
    this.#telemetry.storage(summarisedOrigin(found), bytes, found.expiresAtMs - found.createdAtMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#end?.();
  }
}
