const AGAIN_MS = 50;

/** A dispatcher in memory for several runtimes of a process. A task that is refused is delivered again. */
export class TaskQueue {
  #consumers = new Set();
  #timers = new Set();

  async dispatch(tasks) {
    for (const task of tasks) this.#later(task, (task.atMs ?? 0) - Date.now());
  }

  async consume(handle, options) {
    const consumer = { handle, options, handling: new Set() };
    this.#consumers.add(consumer);
    return {
      close: async () => {
        this.#consumers.delete(consumer);
        await Promise.all(consumer.handling);
      },
    };
  }

  async close() {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #later(task, ms) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#deliver(task);
    }, ms);
    this.#timers.add(timer);
  }

  #deliver(task) {
    const { kind, deployment, extension } = task;
    const able = [...this.#consumers].filter(({ options: { deployments, extensions } }) =>
      kind === 'run' ? deployments.includes(deployment) : extensions.includes(extension),
    );
    const one = able[Math.floor(Math.random() * able.length)];
    if (one === undefined) return this.#later(task, AGAIN_MS);
    const handling = one
      .handle(task, new AbortController().signal)
      .catch(() => this.#later(task, AGAIN_MS))
      .finally(() => one.handling.delete(handling));
    one.handling.add(handling);
  }
}
