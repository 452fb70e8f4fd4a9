// A Redis Cluster of a campaign's own, whose slots are moved while it is used.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';

import { startRedisCluster } from '../../support/servers/redis.mjs';

/** A client of a Cluster, as the store of a process has it. */
export function connectCluster(ports) {
  const client = new Redis.Cluster(ports.map((port) => ({ host: '127.0.0.1', port })));
  client.on('error', () => {});
  return client;
}

export class ClusterServer {
  kind = 'cluster';
  ports;
  #cluster;
  #ids = [];

  async begin() {
    this.#cluster = await startRedisCluster();
    this.ports = this.#cluster.ports;
    for (const port of this.ports) {
      const node = new Redis({ port });
      this.#ids.push(await node.cluster('MYID'));
      node.disconnect();
    }
  }

  get port() {
    return this.ports[0];
  }

  /** Moves slots with all that is in them from one node to another, as whoever adds a node does. */
  async moveSlots(count) {
    const from = Math.floor(Math.random() * this.#ids.length);
    const to = (from + 1 + Math.floor(Math.random() * (this.#ids.length - 1))) % this.#ids.length;
    const which = ['--cluster-from', this.#ids[from], '--cluster-to', this.#ids[to], '--cluster-slots', `${count}`];
    const address = `127.0.0.1:${this.ports[from]}`;
    const { stdout } = await promisify(execFile)('redis-cli', [
      '--cluster',
      'reshard',
      address,
      ...which,
      '--cluster-yes',
    ]);
    return (stdout.match(/^Moving slot/gm) ?? []).length;
  }

  stop() {
    return this.#cluster?.stop();
  }
}
