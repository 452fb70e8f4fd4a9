// The real worker threads of a process, so that they can be terminated from outside the library.
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';

const alive = new Set();
const { Worker } = workerThreads;

class ObservedWorker extends Worker {
  constructor(...args) {
    super(...args);
    alive.add(this);
    this.once('exit', () => alive.delete(this));
  }
}

workerThreads.Worker = ObservedWorker;
syncBuiltinESMExports();

/** Ends threads from outside, at once. Resolves with their number when they have ended. */
export async function terminateThreads(most = Number.POSITIVE_INFINITY) {
  const victims = [...alive].slice(0, most);
  await Promise.all(victims.map((thread) => thread.terminate()));
  return victims.length;
}

/** The number of threads that are running. */
export function threadCount() {
  return alive.size;
}
