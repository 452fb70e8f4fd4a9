import type { Dispatcher, Task } from '../../api/dispatcher.js';
import type { ExtensionCall } from '../../api/result.js';
import type { Telemetry } from '../../metrics/telemetry.js';
import { Breaker } from '../../support/breaker.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import { clearTimeout, setTimeout } from '../../support/timers.js';

/** Later ones are found in the store when they are due. */
const MAX_DELAY_MS = 10 * 60_000;
/** How long a caller waits for the queue. What it does is stored, and found without a task. */
const HANDOVER_MS = 1_000;
const FAILURES = 3;
const OFF_MS = 5_000;

/** Which run a task is for. */
export interface TaskRun {
  readonly runId: string;
  readonly deployment: string;
  readonly tenant?: string | undefined;
}

/** Hands tasks to a dispatcher: it never fails, and never takes long. */
export class TaskSender {
  readonly #dispatcher: Dispatcher;
  readonly #telemetry: Telemetry;
  readonly #environment: RuntimeEnvironment;
  readonly #breaker = new Breaker({ failures: FAILURES, offMs: OFF_MS });

  constructor(dispatcher: Dispatcher, telemetry: Telemetry, environment: RuntimeEnvironment) {
    this.#environment = environment;
    this.#dispatcher = dispatcher;
    this.#telemetry = telemetry;
  }

  /** @param atMs when it is due, by this machine's clock; default: now */
  async run({ runId, deployment, tenant }: TaskRun, atMs?: number): Promise<void> {
    if (atMs !== undefined && atMs - this.#environment.now() > MAX_DELAY_MS) return;
    const task = { kind: 'run', runId, deployment, key: runId } as const;
    await this.#send([{ ...task, ...(atMs !== undefined && { atMs }), ...(tenant !== undefined && { tenant }) }]);
  }

  /** @returns whether the queue has them */
  async calls({ runId, tenant }: TaskRun, calls: readonly ExtensionCall[]): Promise<boolean> {
    if (calls.length === 0) return true;
    const ofTenant = tenant !== undefined && { tenant };
    return this.#send(
      calls.map(({ callId, extensionName: extension }) => {
        return { kind: 'call', runId, callId, extension, key: `${runId}:${callId}`, ...ofTenant };
      }),
    );
  }

  async #send(tasks: readonly Task[]): Promise<boolean> {
    if (!this.#breaker.allows()) {
      this.#telemetry.tasksUnsent(tasks.length);
      return false;
    }
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`it took longer than ${HANDOVER_MS} ms`)), HANDOVER_MS);
      });
      const sent = (async () => this.#dispatcher.dispatch(tasks))();
      sent.catch(() => {});
      await Promise.race([sent, late]);
      this.#breaker.succeeded();
      return true;
    } catch (error) {
      this.#telemetry.tasksUnsent(tasks.length);
      if (!this.#breaker.failed()) return false;
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The queue does not take tasks (${reason}). What is due is found in the store, a few seconds later.`;
      this.#telemetry.warn({ code: 'NEXUS_QUEUE', message });
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
