import { runDisturbed } from '../lib/durable-runs.mjs';

export const title = 'kill -9 of processes that work, at random';

const RUNS = { quick: { runs: 8, kills: 2 }, long: { runs: 600, kills: 500 } };

export function run(options) {
  return runDisturbed(options, RUNS, async ({ child, ended }) => {
    child.kill('SIGKILL');
    await ended;
  });
}
