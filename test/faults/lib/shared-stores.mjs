import { join } from 'node:path';

import { createRuntime } from '#build/index.js';
import { MemoryStore } from '#build/suspension/memory-store/memory-store.js';

const STORES = ['files', 'memory'];

/**
 * Does the same on each store, and joins the figures.
 *
 * @param store the only one, if there is to be one
 * @param task given the name of a store, and a function that opens runtimes that share one; returns a figure
 */
export async function onStores({ store, scratch }, task) {
  const figures = [];
  for (const kind of store === undefined ? STORES : [store]) {
    const beganAt = performance.now();
    const opened = [];
    const shared = kind === 'files' ? { suspensionDir: join(scratch, 'runs') } : { suspensionStore: new MemoryStore() };
    const open = async (count, more = {}) => {
      const options = { cacheDir: false, maxInstances: 1, metrics: false };
      const some = await Promise.all(
        Array.from({ length: count }, () => createRuntime({ ...options, ...shared, ...more })),
      );
      opened.push(...some);
      return some;
    };
    try {
      const figure = await task(open);
      figures.push(`${kind}, ${Math.round((performance.now() - beganAt) / 1_000)} s: ${figure}`);
    } finally {
      await Promise.all(opened.map((runtime) => runtime.shutdown({ drainTimeoutMs: 1_000 })));
      await shared.suspensionStore?.close();
    }
  }
  return figures.join('; ');
}
