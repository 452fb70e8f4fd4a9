import { runFleet } from '../lib/fleet-runs.mjs';

export const title = 'two deployments rolled, and one rolled back';
export const isLong = true;

const RUNS = 200;
const TIMES = 20;
/** What a deployment has beside the one before it: its base image is another one. */
const LIBRARIES = { second: { source: 'module.exports = { version: 2 }' } };

/** Executors are replaced one by one by those of the other deployment, as a rolling update does, and back again. */
export async function run(options) {
  let left = Number(options.kills ?? TIMES);
  let isSecond = false;
  return runFleet(options, {
    ...{ store: 'postgres', queue: 'redis', count: Number(options.runs ?? RUNS) },
    // Callers have the first deployment throughout.
    workerArgs: (index) => (isSecond && index % 2 === 0 ? { libraries: LIBRARIES } : {}),
    async disturb({ workers, startWorker, isOver }) {
      await Promise.all(workers.map(({ ready, ended }) => Promise.race([ready, ended])));
      if (left === 0 || isOver()) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return 0;
      }
      left--;
      isSecond = !isSecond;
      for (const worker of workers.filter(({ index }) => index % 2 === 0)) {
        worker.child.kill('SIGTERM');
        await worker.ended;
        await startWorker().ready;
      }
      return 1;
    },
  });
}
