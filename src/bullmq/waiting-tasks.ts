import { clearInterval, setInterval } from '../support/timers.js';
import type { Queues } from './queues.js';

/** Tasks of calls are sent again each hour, and runs that are due are found in the store: an older task is not needed. */
const OLD_MS = 86_400_000;
const LOOK_MS = 60 * 60_000;
const REMOVED_AT_ONCE = 1_000;
/** Names of queues contain names of extensions, which handlers choose: their number must be bounded. */
const MAX_NAMES = 1_000;

/**
 * Removes tasks that nobody has taken for a day: of extensions that no process has, or of deployments that are gone. Each process looks at the
 * queues that it sends to, when it sends the first task and then once an hour, until one is empty.
 */
export class WaitingTasks {
  readonly #queues: Queues;
  readonly #names = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /** A task was sent. */
  sent(queue: string): void {
    if (this.#names.has(queue)) return;
    this.#names.add(queue);
    if (this.#names.size > MAX_NAMES) this.#names.delete(this.#names.values().next().value as string);
    this.#timer ??= setInterval(() => void this.#lookAtAll(), LOOK_MS).unref();
    void this.#look(queue);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#names.clear();
  }

  async #lookAtAll(): Promise<void> {
    for (const name of [...this.#names]) if ((await this.#look(name)) === 0) this.#names.delete(name);
  }

  /** @returns how many are left; undefined if the server does not say */
  async #look(name: string): Promise<number | undefined> {
    const queue = this.#queues.queue(name);
    try {
      let removed: readonly string[];
      do removed = await queue.clean(OLD_MS, REMOVED_AT_ONCE, 'wait');
      while (removed.length === REMOVED_AT_ONCE);
      return await queue.getWaitingCount();
    } catch {
      // The server is away: there is a next time.
      return undefined;
    } finally {
      await queue.close().catch(() => {});
    }
  }
}
