import type { ExecutionLimits } from '../api/limits.js';
import type { LogEntry } from '../api/result.js';
import type { Execution } from '../pool/handler-pool.js';
import { LogRing } from '../protocol/log-ring.js';
import { callListener, warnOfIgnored } from '../support/call-listener.js';
import { clearInterval, setInterval } from '../support/timers.js';
import type { Segment } from './result/result.js';

/** Told each line of log. */
export type LogListener = (entry: LogEntry) => unknown;

type LogLimits = Pick<ExecutionLimits, 'maxLogBytes' | 'maxHostCalls'>;

/** How often the lines of a handler that runs are fetched. */
const EVERY_MS = 40;
const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warn', 'error']);

/** The lines of log of one segment, told as they come: each once, in order. */
export class LogFeed {
  readonly #ring = new LogRing();
  readonly #notify: (entry: LogEntry) => void;
  readonly #limits: LogLimits;
  readonly #timer: NodeJS.Timeout;
  readonly #told: LogEntry[] = [];
  #characters = 0;

  /** @param limits of the handler: what is beyond them is forged, and told when the outcome was checked, or never */
  constructor(limits: LogLimits, tell: (entry: LogEntry) => void) {
    this.#limits = limits;
    this.#notify = tell;
    this.#timer = setInterval(() => this.#fetch(), EVERY_MS);
  }

  /** For the request. */
  get bytes(): Uint8Array {
    return this.#ring.bytes;
  }

  /**
   * The segment has ended: tells what was not told yet.
   *
   * @param logs of its result: none where the outcome was lost, and fewer or others than were told where the handler was executed again
   * @returns all lines: those that were told, and those that are told now
   */
  finish(logs: readonly LogEntry[]): readonly LogEntry[] {
    clearInterval(this.#timer);
    this.#fetch();
    const rest = logs.slice(this.#told.length);
    for (const entry of rest) this.#notify(entry);
    return this.#told.length === 0 ? logs : [...this.#told, ...rest];
  }

  /** Nothing comes any more, and nothing is told. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** What the worker writes comes from the guest: it is checked like an outcome. */
  #fetch(): void {
    for (const { index, level, message } of this.#ring.read()) {
      // An execution that is begun again begins its log again.
      if (index !== this.#told.length) continue;
      if (typeof message !== 'string' || !LEVELS.has(level)) continue;
      this.#characters += message.length;
      if (this.#characters > this.#limits.maxLogBytes || this.#told.length >= this.#limits.maxHostCalls) return;
      const entry: LogEntry = { level: level as LogEntry['level'], message };
      this.#told.push(entry);
      this.#notify(entry);
    }
  }
}

/** What the listener throws is a warning. */
export function tellLog(listener: LogListener, entry: LogEntry): void {
  callListener(
    () => listener(entry),
    (error) => warnOfIgnored('onLog', error),
  );
}

/** The execution; when it rejects, nothing more is told. */
export async function listened(feed: LogFeed | undefined, execution: Promise<Execution>): Promise<Execution> {
  if (feed === undefined) return execution;
  try {
    return await execution;
  } catch (error) {
    feed.stop();
    throw error;
  }
}

/** What was told is in the result, even where the outcome was lost. */
export function withLogs(segment: Segment, feed: LogFeed | undefined): Segment {
  if (feed === undefined) return segment;
  const { result } = segment;
  const logs = feed.finish(result.logs);
  return logs === result.logs ? segment : { ...segment, result: { ...result, logs } };
}
