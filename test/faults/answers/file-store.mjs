import { join } from 'node:path';

import { raceAnswers, readCounts } from '../lib/answer-races.mjs';
import { Worker } from '../lib/children.mjs';
import { Findings } from '../lib/findings.mjs';

export const title = 'answers of four runtimes in two processes, one directory';

const PROCESS = new URL('./workers/answering.mjs', import.meta.url);
const PROCESSES = 2;
const RUNTIMES_EACH = 2;
const QUICK_RACES = 20;

export async function run({ scratch, ...options }) {
  const findings = new Findings();
  const suspensionDir = join(scratch, 'store');
  const processes = Array.from(
    { length: PROCESSES },
    () => new Worker(PROCESS, [{ suspensionDir, runtimes: RUNTIMES_EACH }]),
  );
  const at = (place, command, argument) =>
    processes[place % PROCESSES].ask(command, { runtime: Math.floor(place / PROCESSES), ...argument });
  const figure = await raceAnswers({
    ...readCounts(options, QUICK_RACES),
    places: PROCESSES * RUNTIMES_EACH,
    findings,
    suspend: (place, code, args) => at(place, 'suspend', { code, args }),
    give: (place, id, answers) => at(place, 'give', { id, answers }),
    stateOf: (id) => at(0, 'stateOf', { id }),
  });
  await Promise.all(processes.map((process) => process.kill()));
  return findings.end(figure);
}
