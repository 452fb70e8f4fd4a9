import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REDIS } from './installed.mjs';
import { freePorts, supervise } from './supervised.mjs';
/**
 * Redis on a port and in a directory of its own.
 *
 * @param {Record<string, string>} [settings] of redis.conf, by name
 * @returns {Promise<{ port: number, pid: number, stop(): Promise<void> }>}
 */
export async function startRedis(settings = {}) {
  if (REDIS === undefined) throw new Error('redis-server is not installed.');
  const folder = await mkdtemp(join(tmpdir(), 'nexus-redis-'));
  const [port] = await freePorts(1);
  const all = { bind: '127.0.0.1', port: `${port}`, dir: folder, save: '', ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => [
    `--${name}`,
    ...(value.includes(' ') ? value.split(' ') : [value]),
  ]);
  const supervised = await supervise({ command: [REDIS, ...options], folder, ready: /Ready to accept connections/ });
  return { ...supervised, port };
}
/**
 * Three masters that have the slots between them.
 *
 * @returns {Promise<{ ports: readonly number[], stop(): Promise<void> }>}
 */
export async function startRedisCluster() {
  const nodes = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (let count = 0; count < 3; count++) {
      // The bus has a port of its own: by default that of the node and 10,000, which may be none.
      const [bus] = await freePorts(1);
      nodes.push(
        await startRedis({ 'cluster-enabled': 'yes', 'cluster-port': `${bus}`, 'cluster-node-timeout': '5000' }),
      );
    }
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await promisify(execFile)('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
    return { ports: nodes.map(({ port }) => port), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
