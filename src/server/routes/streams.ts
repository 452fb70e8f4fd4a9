import { randomBytes } from 'node:crypto';

import type { WasmResult } from '../../api/result.js';
import { toJson } from '../../index.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import { Problem, problemOfResult } from '../problem.js';
import { RunStream } from './run-stream.js';

export interface RunStreamsOptions {
  readonly maxStreams: number;
  readonly retentionMs: number;
  readonly maxResponseBytes: number;
  /** What a run is rejected with: a fault of the host is for the log. */
  readonly onFailure: (error: unknown) => Problem;
}

/** What a stream makes of a run: it is given the options by which the stream hears of it. */
export type StartRun = (options: Pick<RunOptions, 'onLog' | 'onEffects' | 'signal'>) => Promise<WasmResult>;

/** Events of one run that its readers have not fetched: then its next segment waits. */
const MAX_BEHIND_BYTES = 1024 * 1024;
/** Events that are kept of all runs. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024;

/** Runs whose events are streamed, and can be continued by a reader that lost its connection. */
export class RunStreams {
  readonly #options: RunStreamsOptions;
  readonly #streams = new Map<string, RunStream>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: RunStreamsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#streams.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const stream of this.#streams.values()) bytes += stream.bytes;
    return bytes;
  }

  /**
   * @param owner whose stream it is: only the same can continue it
   * @throws Problem 503
   */
  start(owner: string, startRun: StartRun): RunStream {
    this.#makeRoom(owner);
    const { retentionMs, maxResponseBytes } = this.#options;
    const id = randomBytes(12).toString('base64url');
    const stream = new RunStream({
      id,
      owner,
      retentionMs,
      maxBehindBytes: MAX_BEHIND_BYTES,
      onForgotten: () => this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    const running = this.#follow(stream, startRun, maxResponseBytes).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return stream;
  }

  /** @throws Problem 404 */
  get(id: string, owner: string): RunStream {
    const stream = this.#streams.get(id);
    if (stream !== undefined && stream.owner === owner) return stream;
    throw new Problem(
      404,
      'NOT_FOUND',
      `There is no stream ${id}: it was never started, or is no longer kept (streamRetentionMs).`,
    );
  }

  /** Resolves when all runs have ended. Those that nobody reads are cancelled: nobody can come back to them. */
  async drain(): Promise<void> {
    for (const stream of [...this.#streams.values()]) stream.abandon();
    await Promise.all(this.#running);
  }

  /** Cancels runs that are under way, and forgets all. */
  close(): void {
    for (const stream of [...this.#streams.values()]) stream.forget();
  }

  /** Ended runs make room, the oldest first. One owner may have half of it. */
  #makeRoom(owner: string): void {
    const { maxStreams } = this.#options;
    const isFull = () => this.#streams.size >= maxStreams || this.bytes >= MAX_KEPT_BYTES;
    for (const stream of this.#streams.values()) {
      if (!isFull()) break;
      if (stream.isEnded && !stream.hasReaders) stream.forget();
    }
    let own = 0;
    for (const stream of this.#streams.values()) {
      // Those that would make room do not count.
      if (stream.owner === owner && (!stream.isEnded || stream.hasReaders)) own++;
    }
    if (!isFull() && own < Math.max(1, maxStreams / 2)) return;
    throw new Problem(503, 'OVERLOADED', 'Too many streams are open.', { retryAfterMs: 1_000 });
  }

  async #follow(stream: RunStream, startRun: StartRun, maxBytes: number): Promise<void> {
    const write = (event: string, data: unknown) => stream.write(event, toJson(data, { maxBytes }));
    try {
      const result = await startRun({
        signal: stream.signal,
        onLog: (entry) => write('log', entry),
        onEffects: async ({ stateMutations, events, viewCommands }) => {
          if (stateMutations.length + events.length + viewCommands.length > 0)
            write('effects', { stateMutations, events, viewCommands });
          await stream.room();
        },
      });
      const problem = problemOfResult(result);
      if (problem === undefined) write('result', result);
      else write('problem', problem.toBody());
    } catch (error) {
      write('problem', this.#options.onFailure(error).toBody());
    }
    stream.end();
  }
}
