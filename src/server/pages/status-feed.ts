import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { clearInterval, performance, setInterval } from '../../support/timers.js';
import { Problem } from '../problem.js';
import type { StatusFrame, StatusHello, StatusNow } from './contract.js';
import { errorsNow, type ServerFigures, statusNow, tenantsNow, total } from './status-samples.js';

const SAMPLE_MS = 1_000;
/** One frame a second: the last five minutes. */
const KEPT_FRAMES = 300;
/** Adding up all tenants, and asking the store, takes longer than a sample. */
const SLOW_EVERY = 5;
const MAX_READERS = 100;
const MAX_DUE = 1_000;

type Stats = ReturnType<NexusRuntime['getStats']>;

interface Reader {
  /** By id: how often each kind of errors had happened when it was told. */
  readonly told: Map<number, number>;
  tellsTenants: boolean;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

/**
 * Looks at the runtime each second, and tells those who read. A reader that does not keep up misses samples, and nothing is queued for it: every
 * later sample has the totals again, and an error is sent until it has been delivered.
 */
export class StatusFeed {
  readonly #runtime: NexusRuntime;
  readonly #serverFigures: () => ServerFigures;
  readonly #startedAt = performance.now();
  readonly #frames: StatusFrame[] = [];
  readonly #readers = new Set<Reader>();
  readonly #encoder = new TextEncoder();
  #timer: NodeJS.Timeout | undefined;
  #before: { readonly stats: Stats; readonly at: number } | undefined;
  #ticks = 0;
  #due: number | undefined;
  #isCounting = false;
  #isClosed = false;

  constructor(runtime: NexusRuntime, serverFigures: () => ServerFigures) {
    this.#runtime = runtime;
    this.#serverFigures = serverFigures;
  }

  /** Looks from now on, so that who opens the page sees the last minutes. */
  begin(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#before = { stats: this.#runtime.getStats(), at: performance.now() };
    this.#timer = setInterval(() => this.#tick(), SAMPLE_MS);
    this.#timer.unref();
  }

  /** @throws Problem 503 */
  read(): ReadableStream<Uint8Array> {
    if (this.#readers.size >= MAX_READERS) {
      throw new Problem(503, 'OVERLOADED', `${MAX_READERS} status pages are open.`, { retryAfterMs: 10_000 });
    }
    this.begin();
    let reader: Reader | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = { told: new Map(), tellsTenants: true, controller };
          if (this.#isClosed) {
            controller.close();
            return;
          }
          this.#readers.add(reader);
          const stats = this.#runtime.getStats();
          const hello: StatusHello = { boundsUs: stats.executionTimes.boundsUs, frames: this.#frames };
          const now = this.#now(stats, this.#frames.at(-1) ?? frameBetween(stats, stats, 0));
          void this.#countDue();
          controller.enqueue(this.#encoder.encode(`${event('hello', hello)}${event('now', now)}`));
          this.#tell(reader, '');
        },
        cancel: () => {
          if (reader !== undefined) this.#readers.delete(reader);
        },
      },
      { highWaterMark: 3 },
    );
  }

  /** Ends all streams. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { controller } of this.#readers) controller.close();
    this.#readers.clear();
  }

  #tick(): void {
    const stats = this.#runtime.getStats();
    const at = performance.now();
    const { stats: before, at: beforeAt } = this.#before ?? { stats, at };
    this.#before = { stats, at };
    const frame = frameBetween(before, stats, at - beforeAt);
    this.#frames.push(frame);
    if (this.#frames.length > KEPT_FRAMES) this.#frames.shift();
    if (this.#readers.size === 0) return;
    const isSlow = this.#ticks++ % SLOW_EVERY === 0;
    if (isSlow) void this.#countDue();
    const now = event('now', this.#now(stats, frame));
    for (const reader of this.#readers) {
      if (isSlow) reader.tellsTenants = true;
      this.#tell(reader, now);
    }
  }

  #tell(reader: Reader, now: string): void {
    const { controller, told } = reader;
    if ((controller.desiredSize ?? 0) <= 0) return;
    const errors = errorsNow(this.#runtime.getRecentErrors(), told);
    const tenants = reader.tellsTenants ? event('tenants', tenantsNow(this.#runtime)) : '';
    reader.tellsTenants = false;
    const text = `${now}${tenants}${errors === undefined ? '' : event('errors', errors)}`;
    if (text !== '') controller.enqueue(this.#encoder.encode(text));
  }

  #now(stats: Stats, frame: StatusFrame): StatusNow {
    return statusNow({
      stats,
      frame,
      workers: this.#runtime.getWorkers(),
      server: this.#serverFigures(),
      uptimeMs: performance.now() - this.#startedAt,
      due: this.#due,
      mostDue: MAX_DUE,
    });
  }

  /** A store may take its time, and may be away. */
  async #countDue(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    try {
      this.#due = await this.#runtime.countDueRuns({ max: MAX_DUE });
    } catch {
      this.#due = undefined;
    } finally {
      this.#isCounting = false;
    }
  }
}

function frameBetween(before: Stats, stats: Stats, ms: number): StatusFrame {
  return {
    at: Date.now(),
    ms: Math.round(ms),
    executions: stats.totalExecutions - before.totalExecutions,
    errors: total(stats.errors) - total(before.errors),
    kills: total(stats.kills) - total(before.kills),
    times: stats.executionTimes.counts.map((count, bucket) => count - (before.executionTimes.counts[bucket] ?? 0)),
    queued: stats.queuedExecutions,
    busy: stats.activeInstances,
  };
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
