import type { Cluster, Redis } from 'ioredis';

import { type RedisLike, RedisSuspensionStore } from '#src/redis/index.js';
import type { StoreHarness } from '#src/testing/store/index.js';

/** Where a store is tested. */
export interface RedisPlace {
  /** Has a connection of its own. */
  readonly makeClient: () => Redis | Cluster;
  readonly replicas?: number;
  /** Takes everything away. */
  empty(): Promise<unknown>;
  end(): Promise<void>;
}

/** Harnesses over one place: each test finds it empty, and a view has a connection of its own. */
export function harnessesOf(
  place: () => RedisPlace,
  wrap: (client: Redis | Cluster) => RedisLike = (client) => client,
) {
  const clients: (Redis | Cluster)[] = [];
  const makeHarness = (): StoreHarness => {
    const stores: RedisSuspensionStore[] = [];
    return {
      open(views) {
        const opened = Array.from({ length: views }, (_, index) => {
          const at = stores.length + index;
          clients[at] ??= place().makeClient();
          return new RedisSuspensionStore({ client: wrap(clients[at]), replicas: place().replicas ?? 0 });
        });
        stores.push(...opened);
        return opened;
      },
      async dispose() {
        for (const store of stores) await store.close();
        await place().empty();
      },
    };
  };
  const disconnect = () => {
    for (const client of clients) client.disconnect();
  };
  return { makeHarness, disconnect };
}
