// Starts the application twice, as two processes: the refund begins in the first and ends in the second.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('main.mjs', import.meta.url));
const suspensionDir = mkdtempSync(join(tmpdir(), 'nexus-approval-'));
const env = { ...process.env, SUSPENSION_SECRET: randomBytes(32).toString('hex') };

try {
  for (const command of ['request', 'decide']) {
    console.log(`\n$ node main.mjs ${command}`);
    execFileSync(process.execPath, [main, command, suspensionDir], { env, stdio: 'inherit' });
  }
} finally {
  rmSync(suspensionDir, { recursive: true, force: true });
}
