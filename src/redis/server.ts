import { unusable } from '../suspension/server/failures.js';
import { within } from '../suspension/server/within.js';
import { explain } from './access.js';
import type { RedisLike } from './client.js';

/** What scripts that write after TIME, and keys that are read by score, need. */
const LEAST_VERSION = [6, 2] as const;

/**
 * Looks whether the server can keep suspended handlers.
 *
 * @throws NexusError INVALID_CONFIG, INTERNAL_ERROR
 */
export async function checkServer(client: RedisLike): Promise<void> {
  let failure: (error: Error) => void = () => {};
  // A client that cannot connect tries again and again, and says why only here.
  const broken = new Promise<never>((_, reject) => {
    failure = (error) => reject(explain(error));
  });
  broken.catch(() => {});
  client.on?.('error', failure);
  try {
    const asked = Promise.race([client.callBuffer('PING').then(() => infos(client)), broken]);
    for (const info of await within(
      asked,
      'Redis',
      'Look whether host and port of the client are right, and whether it uses TLS where Redis does, and only there.',
    ))
      checkInfo(info, client.isCluster === true);
  } finally {
    client.off?.('error', failure);
  }
}

async function infos(client: RedisLike): Promise<readonly string[]> {
  const nodes = client.isCluster ? (client.nodes?.('master') ?? []) : [client];
  const found = await Promise.all((nodes.length > 0 ? nodes : [client]).map((node) => node.callBuffer('INFO')));
  return found.map(String);
}

/** @throws NexusError INVALID_CONFIG */
function checkInfo(info: string, isCluster: boolean): void {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version');
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_VERSION;
  if (version !== undefined && (major < leastMajor || (major === leastMajor && minor < leastMinor))) {
    throw unusable(`Redis is of version ${version}`, `Use version ${leastMajor}.${leastMinor} or later.`);
  }
  if (field('cluster_enabled') === '1' && !isCluster) {
    throw unusable('the server is a node of a Cluster', 'Use `new Redis.Cluster([…])` as client.');
  }
  if (field('role') === 'slave') {
    throw unusable('the server is a read-only replica', 'Point the client at the primary, or at Sentinels.');
  }
  const policy = field('maxmemory_policy');
  // A server that does not say is one whose operator has taken care of it.
  if (policy !== undefined && policy !== 'noeviction') {
    throw unusable(
      `Redis has the maxmemory-policy ${policy}, which deletes handlers that wait`,
      'Set `maxmemory-policy noeviction`, and use another server as a cache.',
    );
  }
}
