// A dispatcher whose tasks are delivered 2 to 5 times, in any order.

const MAX_DELAY_MS = 400;

/** @param onTask told of each task with the times that it is delivered */
export function repeating(dispatcher, onTask = () => {}) {
  return {
    async dispatch(tasks) {
      const all = [];
      for (const task of tasks) {
        const times = 2 + Math.floor(Math.random() * 4);
        onTask(task, times);
        for (let time = 0; time < times; time++) {
          const atMs = Math.max(task.atMs ?? 0, Date.now()) + Math.floor(Math.random() ** 2 * MAX_DELAY_MS);
          all.push({ ...task, atMs });
        }
      }
      await dispatcher.dispatch(all.sort(() => Math.random() - 0.5));
    },
    consume: (handle, options) => dispatcher.consume(handle, options),
    close: () => dispatcher.close(),
  };
}
