// Runs of a fleet: this process starts them, some execute them, others make their calls, and BullMQ distributes both.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { runDurable } from './durable-runs.mjs';
import { connectQueue, connectStore, startServer } from './fleet-servers.mjs';
import { repeating } from './repeating-dispatcher.mjs';
import { TcpProxy } from './tcp-proxy.mjs';

const WORKER = new URL('../fleet/workers/working.mjs', import.meta.url);
let fleets = 0;

/**
 * @param store `'files'`, `'redis'`, `'cluster'` or `'postgres'`
 * @param queue `'redis'` or `'postgres'`; one server is both where they are the same
 * @param count of runs
 * @param disturb see {@link runDurable}; it gets the servers `store` and `queue`, and their proxies if there are any, as well
 * @param repeats whether each task is delivered 2 to 5 times, in any order
 * @param settings of Redis
 * @param replicas of Redis that must have what the store wrote
 * @param deaths asked for each process that begins: at which operation of its store it is killed
 * @param isApart whether store and queue are two servers although they are of one kind
 * @param workerArgs more for each process that begins, by its place
 * @param proxied whether processes connect through a {@link TcpProxy}
 */
export async function runFleet(options, given) {
  const {
    store = 'files',
    queue = 'redis',
    count,
    disturb,
    repeats = false,
    settings,
    proxied = false,
    isApart = false,
    replicas,
    deaths = () => undefined,
    prepare = async () => {},
    workerArgs = () => ({}),
    ...more
  } = given;
  const scratch = join(options.scratch, `fleet-${fleets++}`);
  mkdirSync(scratch, { mode: 0o711 });
  const closers = [];
  const start = async (kind, name = 'queue') => {
    const server = await startServer(kind, join(scratch, name), settings);
    closers.push(() => server.stop());
    if (!proxied) return { server, to: { kind, port: server.port, ports: server.ports } };
    const proxy = await TcpProxy.start(server.port);
    closers.push(() => proxy.stop());
    return { server, proxy, to: { kind, port: proxy.port } };
  };
  let deliveries = 0;
  try {
    const queueAt = await start(queue);
    const storeAt =
      store === 'files' ? undefined : store === queue && !proxied && !isApart ? queueAt : await start(store, 'store');
    if (replicas !== undefined) storeAt.to.replicas = replicas;
    await prepare({ queue: queueAt.server, store: storeAt?.server });
    const connected = connectQueue(queueAt.to);
    const onTask = (_task, times) => (deliveries += times);
    const dispatcher = repeats ? repeating(connected.dispatcher, onTask) : connected.dispatcher;
    closers.push(async () => {
      await dispatcher.close();
      await connected.end();
    });
    const stored = storeAt && connectStore(storeAt.to);
    if (stored !== undefined) closers.push(() => stored.end());
    const { figure } = await runDurable(
      { ...options, scratch },
      {
        count,
        disturb: (state) =>
          disturb({
            ...state,
            queue: queueAt.server,
            store: storeAt?.server,
            queueProxy: queueAt.proxy,
            storeProxy: storeAt?.proxy,
          }),
        ...more,
        fleet: {
          worker: WORKER,
          argsOf: (index) => ({
            ...{ role: index % 2 === 0 ? 'executor' : 'caller', repeats },
            ...{ queue: queueAt.to, store: storeAt?.to, death: deaths() },
            ...workerArgs(index),
          }),
          workers: 4,
          dispatcher,
          suspensions: stored?.suspensions,
          onTimes: (times) => (deliveries += times),
        },
      },
    );
    const named = `${store}/${queue}: ${figure}`;
    return { figure: repeats ? `${named}, ${deliveries} tasks delivered` : named, deliveries };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
