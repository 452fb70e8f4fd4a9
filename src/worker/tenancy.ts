import type { Isolation } from '../api/options.js';

/**
 * Who may see what an execution leaves in the memory of a VM, were there a hole in the engine through which it can be seen. Handlers of one
 * owner may run in a VM that was put back; between owners it is wiped.
 *
 * @param tenant that the call names
 * @param key of the handler
 */
export function ownerOf(tenant: string | undefined, key: string, isolation: Isolation): string {
  if (tenant !== undefined) return `tenant ${tenant}`;
  return isolation === 'shared' ? 'shared' : `handler ${key}`;
}
