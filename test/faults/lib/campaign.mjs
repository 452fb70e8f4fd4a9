// Runs faults one after the other, and prints a line for each.
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { killWorkers } from './children.mjs';
import { unmountBelow } from './mounts.mjs';

const TMPFS_MAGIC = 0x01021994;
const FIGURE_COLUMNS = 132;

/**
 * Runs the modules of a folder, by name. Each exports `title` and `run({ quick, scratch })`, which returns `{ figure }` or
 * throws. One that exports `isLong` is left out of the quick form. `--only a,b` runs those with one of the words in their names.
 *
 * @param options further options of the command line, as parseArgs has them; `run` gets their values
 */
export async function runCampaign(folder, options = {}) {
  const own = { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } };
  const { values } = parseArgs({ options: { ...own, ...options } });
  const words = values.only.split(',');
  const names = readdirSync(folder).filter(
    (name) => name.endsWith('.mjs') && words.some((word) => name.includes(word)),
  );
  const urls = names.sort().map((name) => new URL(name, folder));
  const all = await Promise.all(urls.map((url) => import(url)));
  const faults = all.filter(({ isLong = false }) => !(values.quick && isLong));
  const titleColumns = Math.max(...faults.map(({ title }) => title.length));
  let failed = 0;
  for (const { title, run } of faults) {
    const start = title.padEnd(titleColumns);
    const beganAt = performance.now();
    const took = () => `${String(Math.round((performance.now() - beganAt) / 1_000)).padStart(4)} s`;
    try {
      const { figure } = await inScratch((scratch) => run({ ...values, scratch }));
      console.log(`${start}  ${figure.padEnd(FIGURE_COLUMNS)}${took()}  ok`);
    } catch (error) {
      failed++;
      console.log(`${start}  ${(error.figure ?? '').padEnd(FIGURE_COLUMNS)}${took()}  FAILED`);
      const text = error.isFinding ? error.message : error.stack;
      console.log(text.replace(/^/gm, '      '));
    }
  }
  console.log(`${faults.length - failed} passed, ${failed} failed`);
  // A runtime that hangs must not keep the campaign from ending.
  process.exit(failed > 0 ? 1 : 0);
}

/** Uses a tmpfs if there is one: a campaign writes a lot, and only orphans on a tmpfs occupy memory. */
function scratchRoot() {
  try {
    if (statfsSync('/dev/shm').type === TMPFS_MAGIC) return '/dev/shm';
  } catch {
    // Not Linux.
  }
  return tmpdir();
}

async function inScratch(use) {
  const scratch = mkdtempSync(join(scratchRoot(), 'nexus-faults-'));
  const cleanUp = () => {
    killWorkers();
    unmountBelow(scratch);
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  };
  const stop = () => process.exit(130);
  // Helpers that run as other users must be able to enter it.
  chmodSync(scratch, 0o711);
  process.on('exit', cleanUp).on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await use(scratch);
  } finally {
    process.off('exit', cleanUp).off('SIGINT', stop).off('SIGTERM', stop);
    cleanUp();
  }
}
