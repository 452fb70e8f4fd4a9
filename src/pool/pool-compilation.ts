import { fromWireError } from '../errors/wire.js';
import type { Compilation, CompileRequestOptions, HandlerOutcome } from '../protocol/compile.js';
import { doesNotCompile } from '../protocol/does-not-compile.js';
import { unexpectedReply } from '../protocol/messages.js';
import { clearTimeout, setTimeout } from '../support/timers.js';
import type { JobDispatcher } from './dispatcher.js';
import { APPLICATION, type Job, type JobEnd, NO_TENANT, type TenantKey } from './job.js';
import { queueTimeout } from './saturation.js';

/** A compilation that is in the queue of every tenant whose calls wait for it. */
export class PoolCompilation implements Compilation {
  readonly outcome: Promise<HandlerOutcome>;
  readonly #dispatcher: JobDispatcher;
  readonly #job: Job;
  readonly #queueTimeoutMs: number;
  #waiting = 0;
  #isQueuedOnce = false;

  /**
   * @param job not queued yet
   * @param queueTimeoutMs the timeout of calls that specify none
   */
  constructor(dispatcher: JobDispatcher, job: Job, queueTimeoutMs: number) {
    this.#dispatcher = dispatcher;
    this.#job = job;
    this.#queueTimeoutMs = queueTimeoutMs;
    this.outcome = job.end.then((end) => readEnd(end, job.limitMs));
    // Waiting calls get the failure from `join` as well.
    this.outcome.catch(() => {});
  }

  async join(order: CompileRequestOptions | undefined): Promise<void> {
    const isFirst = this.#enqueue(order === undefined ? APPLICATION : (order.tenant ?? NO_TENANT));
    if (isFirst) order?.admission?.lend();
    this.#waiting++;
    try {
      await this.#whileWanted(order);
    } finally {
      this.#waiting--;
      if (isFirst) order?.admission?.takeBack();
    }
  }

  /** @returns whether it was not queued before */
  #enqueue(tenant: TenantKey): boolean {
    if (this.#isQueuedOnce) {
      this.#dispatcher.join(this.#job, tenant);
      return false;
    }
    this.#isQueuedOnce = true;
    this.#job.tenant = tenant;
    this.#dispatcher.add(this.#job);
    return true;
  }

  /** Waits until the compilation has ended, or was not started within the time of this call. */
  #whileWanted(order: CompileRequestOptions | undefined): Promise<unknown> {
    // A compilation for which no call waits has unlimited time.
    const timeoutMs = order === undefined ? Number.POSITIVE_INFINITY : (order.queueTimeoutMs ?? this.#queueTimeoutMs);
    const over = this.#job.end.catch(() => {});
    if (!this.#job.isQueued || !Number.isFinite(timeoutMs)) return over;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (!this.#job.isQueued) return;
        const error = queueTimeout({ queued: this.#dispatcher.queued, queueTimeoutMs: timeoutMs });
        if (this.#waiting === 1 && this.#dispatcher.withdraw(this.#job)) this.#job.reject(error);
        reject(error);
      }, timeoutMs);
      void over.then(() => {
        clearTimeout(timer);
        resolve(undefined);
      });
    });
  }
}

function readEnd(end: JobEnd, limitMs: number): HandlerOutcome {
  if ('interruption' in end) {
    return { ok: false, error: doesNotCompile(`it took longer than compileTimeoutMs (${limitMs} ms)`) };
  }
  if (end.reply.kind === 'failed') throw fromWireError(end.reply.error);
  if (end.reply.kind !== 'compiled') throw unexpectedReply(end.reply.kind);
  return end.reply.outcome;
}
