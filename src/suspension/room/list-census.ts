import type { SuspensionStore, SuspensionSummary } from '../../api/suspension-store.js';
import type { KeptSize } from './kept.js';

const PAGE = 1_000;

/** The size of each suspension in a store that can only list them. */
export async function countListed(store: SuspensionStore, tell: (sizes: readonly KeptSize[]) => void): Promise<void> {
  let after: string | undefined;
  do {
    const page = await store.list({ limit: PAGE, ...(after !== undefined && { after }) });
    tell(page.suspensions.map(sizeOf));
    after = page.next;
  } while (after !== undefined);
}

/** Outcomes whose age is unknown are deleted in the order of their start. */
function sizeOf({ id, tenant, state, envelopeBytes, storedBytes, createdAtMs }: SuspensionSummary): KeptSize {
  const isSettled = state !== 'suspended' && state !== 'resuming';
  return { id, tenant, isSettled, bytes: storedBytes ?? (isSettled ? 0 : envelopeBytes), atMs: createdAtMs };
}
