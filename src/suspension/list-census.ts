import type { SuspensionStore, SuspensionSummary } from '../api/suspension-store.js';
import type { KeptSize } from './kept.js';

const PAGE = 1_000;

/** What each suspension takes of a store that can only list them. */
export async function countListed(store: SuspensionStore, tell: (sizes: readonly KeptSize[]) => void): Promise<void> {
  let after: string | undefined;
  do {
    const page = await store.list({ limit: PAGE, ...(after !== undefined && { after }) });
    tell(page.suspensions.map(sizeOf));
    after = page.next;
  } while (after !== undefined);
}

/** Outcomes of which nobody says how old they are are forgotten by when they began. */
function sizeOf({ id, tenant, state, envelopeBytes, storedBytes, createdAtMs }: SuspensionSummary): KeptSize {
  const isSettled = state !== 'suspended' && state !== 'resuming';
  return { id, tenant, isSettled, bytes: storedBytes ?? (isSettled ? 0 : envelopeBytes), atMs: createdAtMs };
}
