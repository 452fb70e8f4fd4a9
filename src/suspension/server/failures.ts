import { NexusError } from '../../errors/nexus-error.js';

/** What the application or its operator must change before the store can be used. */
export function unusable(reason: string, remedy: string, cause?: unknown): NexusError {
  return new NexusError('INVALID_CONFIG', `suspensionStore: ${reason}. ${remedy}`, {
    context: { option: 'suspensionStore', reason },
    ...(cause !== undefined && { cause }),
  });
}

/** The server failed. Nothing was acknowledged, and the same call may be repeated. */
export function failed(reason: string, remedy = '', cause?: unknown): NexusError {
  return new NexusError(
    'INTERNAL_ERROR',
    `The store of suspended handlers failed: ${reason}.${remedy && ` ${remedy}`}`,
    {
      context: { reason },
      ...(cause !== undefined && { cause }),
    },
  );
}

/** Data that cannot be what a store wrote. */
export function damagedData(id: string, why: string): NexusError {
  return new NexusError('SUSPENSION_INCOMPATIBLE', `The suspended handler ${id} is damaged: ${why}. It is kept.`, {
    context: { suspensionId: id, why },
  });
}
