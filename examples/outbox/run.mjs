// Starts the application, kills it after each of its transactions, and starts it again: each row is there once.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const app = fileURLToPath(new URL('app.mjs', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'nexus-outbox-'));
try {
  // The second one is told the first effects again, and dies after those that follow.
  for (const die of ['1', '2', '']) {
    console.log(die === '' ? '\n$ node app.mjs' : `\n$ NEXUS_DIE=${die} node app.mjs`);
    const { signal, status } = spawnSync(process.execPath, [app, directory], {
      env: { ...process.env, NEXUS_DIE: die },
      stdio: 'inherit',
    });
    if (signal !== null) console.log(`  killed by ${signal}`);
    else if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
