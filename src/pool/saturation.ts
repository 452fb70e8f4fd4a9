import { NexusError } from '../errors/nexus-error.js';

interface Load {
  /** Waiting executions. */
  readonly queued: number;
  readonly estimatedWaitMs: number;
}

/** The error for a call that may not wait, because of the total or its tenant. */
export function saturated(
  load: Load &
    (
      | { readonly maxQueue: number }
      | { readonly tenant: string; readonly queuedOfTenant: number; readonly maxQueuePerTenant: number }
    ),
): NexusError {
  const [who, limit] =
    'tenant' in load
      ? [`${load.queuedOfTenant} executions of tenant ${JSON.stringify(load.tenant)}`, 'maxQueuePerTenant']
      : [`${load.queued} executions`, 'maxQueue'];
  return new NexusError(
    'POOL_SATURATED',
    `${who} are waiting already (${limit}); the last of them will have to wait for about ${load.estimatedWaitMs} ms. ` +
      `Try again later, or raise maxInstances or ${limit}.`,
    { context: { limit, ...load } },
  );
}

/** The error for a call that waited too long. */
export function queueTimeout(load: { readonly queued: number; readonly queueTimeoutMs: number }): NexusError {
  return new NexusError(
    'POOL_SATURATED',
    `No worker was free within queueTimeoutMs (${load.queueTimeoutMs} ms); ${load.queued} executions were waiting. ` +
      'Try again later, or raise maxInstances or queueTimeoutMs.',
    { context: { limit: 'queueTimeoutMs', value: load.queueTimeoutMs, queued: load.queued } },
  );
}
