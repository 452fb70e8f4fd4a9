import { clearInterval, clearTimeout, setInterval, setTimeout } from '../../support/timers.js';
import { Problem } from '../problem.js';

/** Through proxies that end what is silent, and so that a client that has gone is noticed. */
const HEARTBEAT_MS = 15_000;
/** A reader that lost its connection may have to hear again of so much. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
/** At the same time. Each event looks at all of them. */
const MAX_READERS = 16;

export interface RunStreamOptions {
  readonly id: string;
  readonly owner: string;
  readonly retentionMs: number;
  readonly maxBehindBytes: number;
  readonly onForgotten: () => void;
}

interface KeptEvent {
  readonly number: number;
  readonly text: string;
}

interface Reader {
  /** The number of the last event that it has. */
  sent: number;
  /** Called when there is more. */
  wake: () => void;
}

/** The events of one run, as server-sent events. Readers come and go; each goes on behind the last event that it has. */
export class RunStream {
  readonly id: string;
  readonly owner: string;
  readonly #options: RunStreamOptions;
  readonly #events: KeptEvent[] = [];
  readonly #readers = new Set<Reader>();
  readonly #cancellation = new AbortController();
  #last = 0;
  /** The number of the last event that every reader has, or had. */
  #sentToAll = 0;
  #bytes = 0;
  #isEnded = false;
  #isAbandoned = false;
  #roomAwaited: (() => void)[] = [];
  #retention: NodeJS.Timeout | undefined;

  constructor(options: RunStreamOptions) {
    this.id = options.id;
    this.owner = options.owner;
    this.#options = options;
    this.#retain();
  }

  /** Aborted when nobody has read for the time of retention. */
  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(event: string, data: string): void {
    const number = ++this.#last;
    // JSON has no ends of lines.
    const text = `id: ${this.id}.${number}\nevent: ${event}\ndata: ${data}\n\n`;
    this.#events.push({ number, text });
    this.#bytes += text.length;
    this.#forgetSent();
    for (const { wake } of this.#readers) wake();
  }

  /** Resolves when readers have most of what was written. Without a reader some is kept for one that comes. */
  room(): Promise<void> {
    if (!this.#isFull()) return Promise.resolve();
    return new Promise((resolve) => this.#roomAwaited.push(resolve));
  }

  end(): void {
    this.#isEnded = true;
    for (const { wake } of this.#readers) wake();
    this.#retain();
  }

  /** From now on nobody comes back: it is forgotten as soon as it has no reader. */
  abandon(): void {
    this.#isAbandoned = true;
    if (this.#readers.size === 0) this.forget();
  }

  /** Cancels the run if it has not ended. */
  forget(): void {
    clearTimeout(this.#retention);
    this.#cancellation.abort(new Error('nobody reads the stream'));
    this.#isEnded = true;
    for (const { wake } of this.#readers) wake();
    for (const resolve of this.#roomAwaited.splice(0)) resolve();
    this.#options.onForgotten();
  }

  /**
   * @param after the number of the last event that the reader has; 0 for none
   * @throws Problem 410 if some of what follows is no longer kept, 503 if there are too many readers
   */
  read(after: number): ReadableStream<Uint8Array> {
    if (this.#readers.size >= MAX_READERS)
      throw new Problem(503, 'OVERLOADED', `The stream ${this.id} has ${MAX_READERS} readers already.`, {
        retryAfterMs: 1_000,
      });
    const first = this.#events[0]?.number ?? this.#last + 1;
    if (after + 1 < first) {
      throw new Problem(
        410,
        'GONE',
        `Events ${after + 1} to ${first - 1} of the stream ${this.id} are no longer kept.`,
      );
    }
    const reader: Reader = { sent: Math.min(after, this.#last), wake: () => {} };
    const encoder = new TextEncoder();
    let heartbeat: NodeJS.Timeout | undefined;
    const leave = () => {
      clearInterval(heartbeat);
      this.#leave(reader);
    };
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#readers.add(reader);
          clearTimeout(this.#retention);
          heartbeat = setInterval(() => controller.enqueue(encoder.encode(': still here\n\n')), HEARTBEAT_MS);
          heartbeat.unref();
        },
        pull: async (controller) => {
          for (;;) {
            const next = this.#events[reader.sent + 1 - (this.#events[0]?.number ?? 0)];
            if (next !== undefined) {
              reader.sent = next.number;
              controller.enqueue(encoder.encode(next.text));
              this.#forgetSent();
              this.#giveRoom();
              return;
            }
            if (this.#isEnded) {
              leave();
              controller.close();
              return;
            }
            await new Promise<void>((wake) => {
              reader.wake = wake;
            });
            if (!this.#readers.has(reader)) return;
          }
        },
        cancel: leave,
      },
      { highWaterMark: 1 },
    );
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    reader.wake();
    this.#giveRoom();
    if (this.#readers.size > 0) return;
    if (this.#isAbandoned) this.forget();
    else this.#retain();
  }

  /** Until then a reader may come back. */
  #retain(): void {
    clearTimeout(this.#retention);
    if (this.#readers.size > 0) return;
    this.#retention = setTimeout(() => this.forget(), this.#options.retentionMs);
    this.#retention.unref();
  }

  /** What all readers have is kept up to a bound, for those that come back. */
  #forgetSent(): void {
    const [first] = this.#readers;
    if (first !== undefined) this.#sentToAll = Math.min(...[...this.#readers].map(({ sent }) => sent));
    while (this.#bytes > MAX_KEPT_BYTES && this.#events.length > 1) {
      const [oldest] = this.#events;
      if (oldest === undefined || oldest.number > this.#sentToAll) return;
      this.#events.shift();
      this.#bytes -= oldest.text.length;
    }
  }

  #giveRoom(): void {
    if (this.#roomAwaited.length === 0 || this.#isFull()) return;
    for (const resolve of this.#roomAwaited.splice(0)) resolve();
  }

  #isFull(): boolean {
    if (this.#bytes <= this.#options.maxBehindBytes) return false;
    if (this.#readers.size === 0) return this.#bytes > MAX_KEPT_BYTES;
    // Of the slowest reader.
    const sent = Math.min(...[...this.#readers].map((reader) => reader.sent));
    let behind = 0;
    for (const { number, text } of this.#events) if (number > sent) behind += text.length;
    return behind > this.#options.maxBehindBytes;
  }
}
