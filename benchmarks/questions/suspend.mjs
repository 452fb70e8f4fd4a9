// The time from the last answer to the end of a suspended handler after a number of awaits, and its size
// until then.
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { percentile } from '../harness/statistics.mjs';
import { printData } from '../harness/table.mjs';
import { check } from '../suspension/awaits.mjs';
import { SUSPENSION_PACKAGES, withSuspensions } from '../suspension/index.mjs';

const AWAITS = [1, 10, 100];
const SAMPLES = isShort ? 5 : 60;
const WARM_UP = isShort ? 1 : 5;
/** Calls of each subject before a timed call. */
const CALLS_BEFORE = 3;
/** Calls of each subject before anything is measured, until the hot code is optimised in every thread. */
const WARM_UP_MS = isShort ? 300 : 1500;

async function warmUp(subjects) {
  for (const { prepare, resume, unavailable } of subjects) {
    const until = performance.now() + WARM_UP_MS;
    while (unavailable === undefined && performance.now() < until) check(1, await resume(await prepare(1)));
  }
}

/** Runs the subjects alternately. A resume uses up its suspended handler, so the next is prepared outside the timed part. */
async function measure(subjects, awaits) {
  const rows = subjects.map(({ subject, unavailable }) => ({ subject, awaits, unavailable, times: [] }));
  const prepared = new Map();
  for (let sample = 0; sample < WARM_UP + SAMPLES; sample++) {
    for (const [i, { prepare, resume, bytes, deflatedBytes, isRepeatable, unavailable }] of subjects.entries()) {
      if (unavailable !== undefined) continue;
      const waiting = prepared.get(i) ?? (await prepare(awaits));
      if (isRepeatable) prepared.set(i, waiting);
      rows[i].bytes = bytes?.(waiting);
      rows[i].deflatedBytes ??= deflatedBytes?.(waiting);
      // The previous case has evicted the caches.
      for (let i = 0; i < CALLS_BEFORE; i++) await resume(await prepare(1));
      const startedAt = performance.now();
      const outcome = await resume(waiting);
      const tookUs = (performance.now() - startedAt) * 1000;
      check(awaits, outcome);
      if (sample >= WARM_UP) rows[i].times.push(tookUs);
    }
  }
  const measured = rows.map(({ times, ...row }) =>
    row.unavailable
      ? row
      : { ...row, medianUs: percentile(times, 0.5), p99Us: percentile(times, 0.99), samples: times.length },
  );
  return measured.map((row) => ({ ...row, ratio: row.medianUs && row.medianUs / measured[0].medianUs }));
}

printMachine(SUSPENSION_PACKAGES);
await withSuspensions(async (subjects) => {
  await warmUp(subjects);
  for (const awaits of AWAITS) {
    const rows = await measure(subjects, awaits);
    printData({
      id: `${awaits}`,
      columns: [
        ['subject', `resumed after ${awaits} await${awaits === 1 ? '' : 's'}`, 'text'],
        ['medianUs', 'median', 'time'],
        ['p99Us', 'p99', 'time'],
        ['samples', 'samples', 'count'],
        ['ratio', 'ratio', 'ratio'],
        ['bytes', 'at rest', 'bytes'],
        ['deflatedBytes', 'deflated', 'bytes'],
      ],
      rows,
    });
    console.log();
  }
});
