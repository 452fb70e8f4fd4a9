import { FlowProducer, type Job, type Processor, Queue, Worker } from 'bullmq';

import { NexusError } from '../errors/nexus-error.js';
import { systemTime } from '../support/timers.js';
import { settleWithin } from '../support/waiting.js';
import type { BullmqConfig } from './options.js';
import { NEVER, tickPauseMs } from './tick-retries.js';

/** A process that dies takes the jobs of others with it, if it dies often: the store counts what it lost, not the queue. */
const MAX_STALLED = 1_000_000;

/** What it would write says which version it is: those of tasks do without. */
const OF_QUEUE = { skipMetasUpdate: true };
const READY_MS = 10_000;
const CLOSE_MS = 2_000;
const REMEDIES: Readonly<Record<string, string>> = {
  SchemaMigrationRequiredError:
    'Make the tables once: await runMigrations(client) of bullmq, with a client of the pool.',
  NoSuchTable:
    "A pool of pg needs the schema of BullMQ in its search path: new Pool({ …, options: '-c search_path=bullmq' }).",
  SchemaVersionMismatchError: 'Use one version of bullmq in all processes, and await runMigrations(client) of it.',
};

function notReady(error: unknown): NexusError {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const remedy =
    REMEDIES[/ does not exist$/.test(message) ? 'NoSuchTable' : name] ??
    'Check the connection that bullmq() was given: address, password, TLS.';
  return new NexusError('INVALID_CONFIG', `The queue cannot be used: ${message}. ${remedy}`.replace('.. ', '. '), {
    context: { option: 'connection' },
  });
}

/** Makes what BullMQ has, with one connection and backend. The only file that imports it. */
export class Queues {
  readonly #config: BullmqConfig;
  readonly #onError: (error: Error) => void;

  #lastError: Error | undefined;

  constructor(config: BullmqConfig, onError: (error: Error) => void) {
    this.#config = config;
    this.#onError = (error) => {
      this.#lastError = error;
      onError(error);
    };
  }

  /**
   * Resolves when the server answers and has what BullMQ needs. A worker that is made before that never takes a job: on PostgreSQL it repeats
   * its first error without an end, and without a turn of the event loop.
   *
   * @throws NexusError INVALID_CONFIG with the reason
   */
  async ready(): Promise<void> {
    this.#lastError = undefined;
    const probe = this.queue(`${this.#config.name}-ready`);
    const look = async () => {
      await probe.waitUntilReady();
      await probe.getBackend().getCounts(['wait']);
    };
    try {
      await this.until(look());
    } finally {
      await settleWithin(probe.close(), CLOSE_MS);
    }
  }

  /** Waits for something of BullMQ that may never answer. @throws NexusError INVALID_CONFIG with the reason */
  async until(ready: Promise<unknown>): Promise<void> {
    let failure: unknown = this.#lastError ?? new Error(`no answer within ${READY_MS} ms`);
    const settled = ready.then(
      () => {
        failure = undefined;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    await settleWithin(settled, READY_MS);
    if (failure !== undefined) throw notReady(this.#lastError ?? failure);
  }

  /** In a Redis Cluster all keys of a queue are on one node, and those of another queue on another. */
  prefixOf(queue: string): string {
    return `{${this.#config.prefix}:${queue}}`;
  }

  /** Adds jobs to any queue by one connection: the names of queues follow from what handlers call. */
  producer(): FlowProducer {
    const { connection, backend } = this.#config;
    const producer = new FlowProducer({ connection: connection as never }, backend as never);
    producer.on('error', this.#onError);
    return producer;
  }

  queue(name: string): Queue {
    const { connection, backend } = this.#config;
    const queue = new Queue(
      name,
      { ...OF_QUEUE, connection: connection as never, prefix: this.prefixOf(name) },
      backend as never,
    );
    queue.on('error', this.#onError);
    return queue;
  }

  worker(name: string, processor: Processor, concurrency: number): Worker {
    const options = {
      connection: this.#config.connection as never,
      prefix: this.prefixOf(name),
      concurrency,
      maxStalledCount: MAX_STALLED,
      settings: {
        backoffStrategy: (attempts: number, _type?: string, _error?: Error, job?: Pick<Job, 'id' | 'opts'>) =>
          job === undefined ? NEVER : tickPauseMs(attempts, job, systemTime()),
      },
    };
    const worker = new Worker(name, processor, options, this.#config.backend as never);
    worker.on('error', this.#onError);
    return worker;
  }
}
