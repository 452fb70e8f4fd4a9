import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'kill -9 and SIGTERM of Redis, store and queue';

const WAYS = [
  { name: 'kill -9, everysec', appendfsync: 'everysec', end: 'kill' },
  { name: 'kill -9, always', appendfsync: 'always', end: 'kill' },
  { name: 'SIGTERM', appendfsync: 'everysec', end: 'terminate' },
];

export async function run(options) {
  const figures = [];
  for (const { name, appendfsync, end } of options.quick ? WAYS.slice(0, 1) : WAYS) {
    const { figure } = await runWithFaults(options, {
      ...(options.quick ? { times: 2, runs: 6 } : { times: 50, runs: 200 }),
      ...{ store: 'redis', queue: 'redis', everyMs: 1_000, settings: { appendonly: 'yes', appendfsync } },
      async fault({ store }) {
        await store[end]();
        await store.restart();
      },
    });
    figures.push(`${name}: ${figure}`);
  }
  return { figure: figures.join('; ') };
}
