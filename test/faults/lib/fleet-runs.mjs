// Runs of a fleet: this process starts them, some execute them, others make their calls, and BullMQ distributes both.
import { runDurable } from './durable-runs.mjs';
import { connect, startQueue } from './queue-servers.mjs';
import { repeating } from './repeating-dispatcher.mjs';

const WORKER = new URL('../fleet/workers/working.mjs', import.meta.url);

/**
 * @param kind of the queue: `'redis'` or `'postgres'`
 * @param count of runs
 * @param disturb see {@link runDurable}; it gets `flush` as well
 * @param repeats whether each task is delivered 2 to 5 times, in any order
 */
export async function runFleet(options, { kind, count, disturb, repeats = false }) {
  const server = await startQueue(kind, options.scratch);
  let deliveries = 0;
  const connected = connect(server.queue);
  const dispatcher = repeats ? repeating(connected, (_task, times) => (deliveries += times)) : connected;
  try {
    const { figure } = await runDurable(options, {
      count,
      disturb: (state) => disturb({ ...state, flush: server.flush }),
      fleet: {
        worker: WORKER,
        argsOf: (index) => ({ role: index % 2 === 0 ? 'executor' : 'caller', queue: server.queue, repeats }),
        workers: 4,
        dispatcher,
        onTimes: (times) => (deliveries += times),
      },
    });
    return { figure: repeats ? `${figure}, ${deliveries} tasks delivered` : figure, deliveries };
  } finally {
    await dispatcher.close();
    await server.stop();
  }
}
