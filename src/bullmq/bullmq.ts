import type { FlowProducer, Job } from 'bullmq';

import type { ConsumeOptions, Consumption, Dispatcher, Task } from '../api/dispatcher.js';
import { invalidArgument } from '../config/check.js';
import { settleWithin } from '../support/waiting.js';
import { JOB_OPTIONS } from './job-options.js';
import { type BullmqConfig, type BullmqOptions, resolveOptions } from './options.js';
import { Queues } from './queues.js';
import { openSchedule, type Schedule, type ScheduleTick, type ScheduleTimes } from './schedules.js';
import { newJobId, queueOf, queuesFor, readTask } from './tasks.js';
import { WaitingTasks } from './waiting-tasks.js';
import { WatchedWorker } from './watched-worker.js';

/** A {@link Dispatcher} on queues of BullMQ. */
export interface BullmqDispatcher extends Dispatcher {
  /**
   * Calls a function at each time of a schedule, in one of the processes that have it. A tick is tried again when the function throws: soon, then
   * every half a minute, for a day, or until 1,440 ticks of the schedule would wait.
   *
   * @param id of the schedule, the same in all processes: 1 to 100 of A–Z, a–z, 0–9, `_`, `.` and `-`. With other times it is changed for all
   * @throws NexusError INVALID_CONFIG for times that are none, and for a server that cannot be used
   *
   * @example
   * await queue.schedule('nightly', { pattern: '0 3 * * *', timeZone: 'Europe/Berlin' }, ({ runId }) =>
   *   runtime.start({ name: 'nightly-report' }, {}, { runId }),
   * );
   */
  schedule(id: string, times: ScheduleTimes, start: (tick: ScheduleTick) => Promise<unknown>): Promise<Schedule>;
}

/** Of the warnings about one server: it may be away for hours. */
const WARNED_EVERY_MS = 60_000;
const CLOSE_MS = 5_000;

/**
 * Distributes runs and calls over processes by BullMQ 6, on Redis or PostgreSQL. Runs of a deployment have a queue of their own, and so have the
 * calls of each extension. Jobs have ids only. The queue may be lost as a whole: what is due is in the store.
 *
 * On PostgreSQL, make the tables of BullMQ once, by `runMigrations` of `bullmq`. `work` rejects with INVALID_CONFIG if the server cannot be used.
 *
 * @throws NexusError INVALID_CONFIG naming the option
 *
 * @example
 * import { createPostgresBackend } from 'bullmq';
 * const dispatcher = bullmq({ connection: new Redis(url, { maxRetriesPerRequest: null }) });
 * const onPostgres = bullmq({ connection: pool, backend: createPostgresBackend });
 * const runtime = await createRuntime({ suspensionStore, suspensionSecret, dispatcher });
 */
export function bullmq(options: BullmqOptions): BullmqDispatcher {
  return new QueueDispatcher(resolveOptions(options));
}

class QueueDispatcher implements BullmqDispatcher {
  readonly #config: BullmqConfig;
  readonly #queues: Queues;
  readonly #waiting: WaitingTasks;
  readonly #open = new Set<{ close(): Promise<void> }>();
  #producer: Promise<FlowProducer> | undefined;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(config: BullmqConfig) {
    this.#config = config;
    this.#queues = new Queues(config, (error) => this.#warn(`BullMQ reports: ${error.message}`));
    this.#waiting = new WaitingTasks(this.#queues);
  }

  async dispatch(tasks: readonly Task[]): Promise<void> {
    this.#requireOpen();
    const producer = await this.#readyProducer();
    const names = new Set<string>();
    await Promise.all(
      tasks.map(({ atMs, ...task }) => {
        const queueName = queueOf(task, this.#config);
        names.add(queueName);
        const delay = Math.max(0, Math.ceil((atMs ?? 0) - Date.now()));
        const opts = { ...JOB_OPTIONS, jobId: newJobId(task), ...(delay > 0 && { delay }) };
        return producer.add({ name: task.kind, queueName, data: task, opts, prefix: this.#queues.prefixOf(queueName) });
      }),
    );
    for (const name of names) this.#waiting.sent(name);
  }

  async consume(
    handle: (task: Task, signal: AbortSignal) => Promise<void>,
    options: ConsumeOptions,
  ): Promise<Consumption> {
    this.#requireOpen();
    await this.#queues.ready();
    const processor = async (job: Job, _token?: string, signal?: AbortSignal) => {
      const task = readTask(job.data);
      if (task !== undefined) await handle(task, signal ?? new AbortController().signal);
    };
    const workers = [...queuesFor(options, this.#config)].map(
      ([name, concurrency]) => new WatchedWorker(this.#queues, name, processor, concurrency, this.#replaced),
    );
    return this.#keep({ close: async () => void (await Promise.all(workers.map((worker) => worker.close()))) });
  }

  async schedule(id: string, times: ScheduleTimes, start: (tick: ScheduleTick) => Promise<unknown>): Promise<Schedule> {
    this.#requireOpen();
    await this.#queues.ready();
    return this.#keep(await openSchedule(this.#queues, this.#config, id, times, start, this.#notices));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.close();
    await Promise.all([...this.#open].map((one) => one.close()));
    // Without a server it would wait for one.
    const producer = this.#producer;
    if (producer !== undefined)
      await settleWithin(
        producer.then((one) => one.close()),
        CLOSE_MS,
      );
  }

  /** One that could not begin never can: there is another one then. */
  #readyProducer(): Promise<FlowProducer> {
    this.#producer ??= this.#makeProducer().catch((error: unknown) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async #makeProducer(): Promise<FlowProducer> {
    const producer = this.#queues.producer();
    try {
      await this.#queues.until(producer.waitUntilReady());
      return producer;
    } catch (error) {
      void settleWithin(producer.close(), CLOSE_MS);
      throw error;
    }
  }

  #keep<T extends { close(): Promise<void> }>(opened: T): T {
    this.#open.add(opened);
    const close = async () => {
      this.#open.delete(opened);
      await opened.close();
    };
    return { ...opened, close };
  }

  #requireOpen(): void {
    if (this.#isClosed) throw invalidArgument('dispatcher', 'closed', 'open');
  }

  readonly #replaced = (queue: string) =>
    this.#warn(`A worker of the queue ${queue} took no job although some waited: it was replaced.`);

  readonly #notices = { replaced: this.#replaced, warn: (message: string) => this.#warn(message) };

  #warn(message: string): void {
    const now = Date.now();
    if (now - this.#warnedAt < WARNED_EVERY_MS) return;
    this.#warnedAt = now;
    process.emitWarning(message, { type: 'NexusWarning', code: 'NEXUS_QUEUE' });
  }
}
