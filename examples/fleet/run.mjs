// Starts a Redis and three processes: one executes runs, one makes their calls, one starts them.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isInstalled, startRedis } from './server.mjs';

if (!isInstalled()) {
  console.log(
    'This example needs redis-server, and it is not installed: apt-get install redis-server, or brew install redis.',
  );
  process.exit();
}

const folder = mkdtempSync(join(tmpdir(), 'nexus-fleet-'));
const data = join(folder, 'redis');
mkdirSync(data);
const redis = await startRedis(data);
const secret = () => randomBytes(32).toString('hex');
const env = { ...process.env, REDIS_URL: redis.url, SUSPENSION_SECRET: secret(), CACHE_SECRET: secret() };
const begin = (name) => fork(fileURLToPath(new URL(name, import.meta.url)), [join(folder, 'runs')], { env });
const ended = (child) => new Promise((resolve) => child.once('exit', resolve));

const workers = [begin('executor.mjs'), begin('caller.mjs')];
try {
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  process.exitCode = await ended(begin('producer.mjs'));
} finally {
  const all = workers.map(ended);
  for (const worker of workers) {
    worker.kill('SIGTERM');
    worker.disconnect();
  }
  await Promise.all(all);
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
}
