import { createRuntime } from 'nexus-runtime';

/** One worker, so that tenants follow each other on it; what does not end is ended soon. */
export const OPTIONS = {
  maxInstances: 1,
  cacheDir: false,
  maxCacheSizeBytes: 4 * 2 ** 20,
  cacheSecret: 'a secret of the campaign',
  metrics: false,
  // The neighbour's: on a busy machine it takes its time.
  timeoutMs: 10_000,
  killGraceMs: 50,
  compileTimeoutMs: 3_000,
};

/** What an attack gets. */
export const ATTACK = { tenant: 'attacker', timeoutMs: 100 };

export function openRuntime(options = {}) {
  return createRuntime({ ...OPTIONS, ...options });
}
