// How many handlers can be suspended per second, and how much memory and disk very many of them take.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';

const MIB = 1024 * 1024;

/** Each in a separate process: its RSS includes nothing else, and it is a real restart. */
function many(scratch) {
  const program = fileURLToPath(new URL('../programs/suspend-many.mjs', import.meta.url));
  const start = (...args) =>
    JSON.parse(execFileSync(process.execPath, [program, ...args.map(String)], { encoding: 'utf8' }));
  const directory = join(scratch, 'many');
  const rate = (count, millis) => `${Math.round(count / (millis / 1000)).toLocaleString('en')}/s`;

  const inMemory = start('suspend', isShort ? 2_000 : 100_000);
  const onDisk = start('suspend', isShort ? 300 : 10_000, directory);
  const resumed = start('resume', directory);
  if (resumed.count !== onDisk.count) throw new Error(`${onDisk.count} were suspended, ${resumed.count} resumed`);
  const row = (title, { count, elapsedMs, rssBytes }) => [
    title,
    count.toLocaleString('en'),
    rate(count, elapsedMs),
    `${Math.round(rssBytes / MIB)} MiB`,
  ];
  printTable(
    ['whole runtime, 2 workers', 'handlers', 'rate', 'RSS'],
    [
      row('suspended, kept in memory', inMemory),
      row('suspended, kept in files', onDisk),
      row('resumed from the files by another process', resumed),
    ],
  );
  const perHandler = (inMemory.rssBytes - inMemory.idleRssBytes) / inMemory.count;
  console.log(`\nin memory: ${(perHandler / 1024).toFixed(1)} KiB per handler (aim for 100,000: 2048 MiB)`);
}

const scratch = mkdtempSync(join(tmpdir(), 'nexus-suspend-'));
printMachine();
try {
  many(scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
