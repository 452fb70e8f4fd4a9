import { ValueDecoder } from '../codec/values/decoding/decode.js';
import type { BaseImage } from '../engine/image/base-image.js';
import type { Vm } from '../engine/vm.js';
import { LogRing } from '../protocol/log-ring.js';
import { performance } from '../support/timers.js';

/** How often somebody looks for new lines while a handler runs. */
const EVERY_MS = 50;

/**
 * Hands on what a handler logs while it runs. It looks where the engine polls, in the midst of the handler: the prelude gives what is new,
 * as it would give it at the end.
 */
export class LogStreaming {
  readonly #vm: Vm;
  readonly #roots: BaseImage['roots'];
  readonly #ring: LogRing;
  readonly #maxBytes: number;
  #nextAt = performance.now() + EVERY_MS;
  #count = 0;
  /** Lines that found no room yet, in their order. */
  #waiting: unknown[] = [];
  #isLooking = false;
  #isOver = false;

  /** @param maxLogBytes of the handler: more than that is no honest log */
  constructor(vm: Vm, roots: BaseImage['roots'], ring: Uint8Array, maxLogBytes: number) {
    this.#vm = vm;
    this.#roots = roots;
    this.#ring = new LogRing(ring as Uint8Array<SharedArrayBuffer>);
    this.#maxBytes = 4 * maxLogBytes + 64 * 1024;
  }

  /** Looks, if it is time to. What goes wrong ends the streaming and nothing else: all lines are in the outcome. */
  look(): void {
    if (this.#isLooking || this.#isOver || performance.now() < this.#nextAt) return;
    this.#isLooking = true;
    try {
      this.#vm.uncounted(() => this.#take());
      this.#send();
    } catch (error) {
      this.#isOver = true;
      if (this.#vm.poison !== undefined) throw error;
    } finally {
      this.#isLooking = false;
      this.#nextAt = performance.now() + EVERY_MS;
    }
  }

  #take(): void {
    const fresh = this.#vm.call(this.#roots.newLogs, this.#roots.undefined);
    if (this.#vm.isSame(fresh, this.#roots.undefined)) return;
    const written = this.#vm.writeValue(fresh);
    if (written.length > this.#maxBytes) throw new RangeError('too much is logged');
    const decoder = new ValueDecoder(written, true, {});
    decoder.run();
    const [lines] = decoder.fields;
    if (Array.isArray(lines)) for (const line of lines) this.#waiting.push(line);
  }

  #send(): void {
    let sent = 0;
    for (const line of this.#waiting) {
      const [level, message] = Array.isArray(line) ? line : [];
      if (!this.#ring.write({ index: this.#count, level, message })) break;
      this.#count++;
      sent++;
    }
    this.#waiting = this.#waiting.slice(sent);
  }
}
