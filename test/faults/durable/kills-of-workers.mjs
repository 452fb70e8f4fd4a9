import { runDisturbed } from '../lib/durable-runs.mjs';

export const title = 'kill -9 of processes that work, at random';

const RUNS = { quick: { runs: 8, kills: 2 }, long: { runs: 600, kills: 500 } };
const MAX_PAUSE_MS = 600;

export function run(options) {
  return runDisturbed(options, RUNS, MAX_PAUSE_MS, async ({ child, ended }) => {
    child.kill('SIGKILL');
    await ended;
  });
}
