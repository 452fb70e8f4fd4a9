import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { REDIS } from './installed.js';
import { freePorts, type Supervised, supervise } from './supervised.js';

export interface RedisServer extends Supervised {
  readonly port: number;
}

/** @param settings of redis.conf, by name */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  if (REDIS === undefined) throw new Error('redis-server is not installed.');
  const folder = await mkdtemp(join(tmpdir(), 'nexus-redis-'));
  const [port] = (await freePorts(1)) as [number];
  const all = { bind: '127.0.0.1', port: `${port}`, dir: folder, save: '', ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => [
    `--${name}`,
    ...(value.includes(' ') ? value.split(' ') : [value]),
  ]);
  const supervised = await supervise({ command: [REDIS, ...options], folder, ready: /Ready to accept connections/ });
  return { ...supervised, port };
}

/** Three masters that have the slots between them. */
export async function startRedisCluster(): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }> {
  const nodes: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (let count = 0; count < 3; count++) {
      // The bus has a port of its own: by default that of the node and 10,000, which may be none.
      const [bus] = (await freePorts(1)) as [number];
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
