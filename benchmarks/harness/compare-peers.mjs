// Checks the same work on several peers and then measures them alternately.
import { compare } from './compare.mjs';
import { printData } from './table.mjs';

const NO_EFFECTS = { stateMutations: [], events: [], viewCommands: [], logs: [] };

/**
 * @param {{ source: string, context: object, libraries?: object, check: (outcome: object) => void }} work
 * @param {{ subject: string, prepare?: Function, unavailable?: string }[]} subjects
 * @returns one row for each subject, its ratio to the first
 */
export async function comparePeers(work, subjects, options) {
  const rows = [];
  const cases = [];
  for (const { subject, prepare, unavailable } of subjects) {
    const row = { subject, unavailable };
    rows.push(row);
    if (unavailable !== undefined) continue;
    try {
      const { run, release, runsNothing } = await prepare(work);
      row.runsNothing = runsNothing;
      // Twice: an execution must not find data of the previous one.
      for (let i = 0; i < 2 && !runsNothing; i++) work.check({ ...NO_EFFECTS, ...(await run()) });
      cases.push({ name: subject, run, release, row });
    } catch (error) {
      if (subject.startsWith('nexus-runtime')) throw error;
      row.unavailable = `fails: ${error.message.split('\n')[0]}`;
    }
  }
  const measured = await compare(cases, options);
  for (const [i, { row, release }] of cases.entries()) {
    Object.assign(row, measured[i], { ratio: measured[i].medianUs / measured[0].medianUs });
    await release?.();
  }
  return rows;
}

export const TIME_COLUMNS = [
  ['medianUs', 'median', 'time'],
  ['p99Us', 'p99', 'time'],
  ['samples', 'samples', 'count'],
  ['ratio', 'ratio', 'ratio'],
];

/** One table of one comparison. */
export async function printComparison(id, title, work, subjects, options) {
  const rows = await comparePeers(work, subjects, options);
  printData({ id, columns: [['subject', title, 'text'], ...TIME_COLUMNS], rows });
  console.log();
  return rows;
}
