import type { ConsumeOptions, Consumption, Dispatcher, Task } from '#src/index.js';

type Handle = Parameters<Dispatcher['consume']>[0];

interface Consumer {
  readonly handle: Handle;
  readonly options: ConsumeOptions;
  readonly handling: Set<Promise<void>>;
}

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
  readonly #consumers = new Set<Consumer>();
  readonly #waiting = new Set<Task>();
  readonly #timers = new Set<NodeJS.Timeout>();
  isAway = false;

  constructor(faults: QueueFaults = {}) {
    this.#faults = faults;
  }

  /** As one process has it. */
  view(): Dispatcher {
    const consumptions: Consumption[] = [];
    let isClosed = false;
    const requireOpen = () => {
      if (isClosed) throw new Error('the queue was closed');
    };
    return {
      dispatch: async (tasks) => {
        requireOpen();
        await this.dispatch(tasks);
      },
      consume: async (handle, options) => {
        requireOpen();
        const consumption = await this.consume(handle, options);
        consumptions.push(consumption);
        return consumption;
      },
      close: async () => {
        isClosed = true;
        for (const one of consumptions.splice(0)) await one.close();
      },
    };
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
    const consumer: Consumer = { handle, options, handling: new Set() };
    this.#consumers.add(consumer);
    for (const task of [...this.#waiting]) {
      this.#waiting.delete(task);
      this.#deliver(task);
    }
    return {
      close: async () => {
        this.#consumers.delete(consumer);
        await Promise.all(consumer.handling);
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
      .finally(() => one.handling.delete(handling));
    one.handling.add(handling);
  }
}
