import type { ConsumeOptions, Consumption, Dispatcher, Task } from '#src/index.js';

type Handle = Parameters<Dispatcher['consume']>[0];

/** What happens to each task of a {@link SharedQueue}. */
export interface QueueFaults {
  /** How often it is delivered; 0 loses it. */
  readonly deliveries?: () => number;
  /** Before each delivery: others overtake it. In milliseconds. */
  readonly delayMs?: () => number;
}

/** A queue in memory that several runtimes of a process share, as an application might write one: at least once, in any order. */
export class SharedQueue implements Dispatcher {
  readonly dispatched: Task[] = [];
  readonly #faults: QueueFaults;
  readonly #consumers = new Set<{ readonly handle: Handle; readonly options: ConsumeOptions }>();
  readonly #waiting = new Set<Task>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #handling = new Set<Promise<void>>();
  isAway = false;

  constructor(faults: QueueFaults = {}) {
    this.#faults = faults;
  }

  async dispatch(tasks: readonly Task[]): Promise<void> {
    if (this.isAway) throw new Error('the queue is away');
    this.dispatched.push(...tasks);
    for (const task of tasks) {
      const times = this.#faults.deliveries?.() ?? 1;
      for (let time = 0; time < times; time++) {
        // A copy: what comes out of a queue is no object of the one who put it in.
        this.#later(JSON.parse(JSON.stringify(task)), this.#faults.delayMs?.() ?? 0);
      }
    }
  }

  async consume(handle: Handle, options: ConsumeOptions): Promise<Consumption> {
    const consumer = { handle, options };
    this.#consumers.add(consumer);
    for (const task of [...this.#waiting]) {
      this.#waiting.delete(task);
      this.#deliver(task);
    }
    return {
      close: async () => {
        this.#consumers.delete(consumer);
        await Promise.all(this.#handling);
      },
    };
  }

  /** Loses everything that waits. */
  flush(): void {
    this.#waiting.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async close(): Promise<void> {
    this.flush();
  }

  #later(task: Task, delayMs: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#deliver(task);
      },
      Math.max(delayMs, (task.atMs ?? 0) - Date.now()),
    );
    this.#timers.add(timer);
  }

  #deliver(task: Task): void {
    const able = [...this.#consumers].filter(({ options }) =>
      task.kind === 'run' ? options.deployments.includes(task.deployment) : options.extensions.includes(task.extension),
    );
    const one = able[Math.floor(Math.random() * able.length)];
    if (one === undefined) {
      this.#waiting.add(task);
      return;
    }
    const handling = one
      .handle(task, new AbortController().signal)
      .catch(() => this.#later(task, 20))
      .finally(() => this.#handling.delete(handling));
    this.#handling.add(handling);
  }
}
