import type { LogEntry } from '../api/result.js';
import type { Execution } from '../pool/handler-pool.js';
import { LogRing } from '../protocol/log-ring.js';
import { callListener, warnOfIgnored } from '../support/call-listener.js';
import { clearInterval, setInterval } from '../support/timers.js';
import type { Segment } from './result/result.js';

/** Told each line of log. */
export type LogListener = (entry: LogEntry) => unknown;

/** How often the lines of a handler that runs are fetched. */
const EVERY_MS = 40;
const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warn', 'error']);

/** The lines of log of one segment, told as they come: each once, in order. */
export class LogFeed {
  readonly #ring = new LogRing();
  readonly #notify: (entry: LogEntry) => void;
  readonly #maxCharacters: number;
  readonly #timer: NodeJS.Timeout;
  readonly #told: LogEntry[] = [];
  #characters = 0;

  /** @param maxLogBytes what is beyond it is forged, and told when the outcome was checked, or never */
  constructor(maxLogBytes: number, tell: (entry: LogEntry) => void) {
    this.#maxCharacters = maxLogBytes;
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
   * @param logs of its result
   * @returns all lines: those that were told, where the outcome was lost
   */
  finish(logs: readonly LogEntry[], isLost: boolean): readonly LogEntry[] {
    clearInterval(this.#timer);
    this.#fetch();
    if (isLost) return this.#told;
    for (const entry of logs.slice(this.#told.length)) this.#notify(entry);
    return logs;
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
      if (this.#characters > this.#maxCharacters) return;
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
  const { result, outcome } = segment;
  const isLost = outcome === undefined || (result.status === 'error' && result.logs.length === 0);
  const logs = feed.finish(result.logs, isLost);
  return logs === result.logs ? segment : { ...segment, result: { ...result, logs } };
}
