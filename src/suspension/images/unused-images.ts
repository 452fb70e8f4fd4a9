import type { StoredImage, StoredImages, SuspensionStore } from '../../api/suspension-store.js';
import { ask } from '../store-calls.js';
import { deploymentOfLabel } from './deployment-labels.js';
import { deploymentOfImage } from './image-ids.js';

/** A process puts its image again after this time, before it suspends a handler on it. */
export const PUT_AGAIN_MS = 60 * 60 * 1000;
/** An image that was not put for so long is of a process that suspends nothing: only what waits may need it. */
export const UNUSED_AFTER_MS = 24 * PUT_AGAIN_MS;
const LISTED_AT_ONCE = 1_000;

/**
 * The images that nothing needs any more: they were not put for a day, and no handler of their deployment waits. One that comes to wait
 * later puts its image again first, which the store notices when it is asked to delete this one.
 *
 * @param own the deployment of this process, whose image stays
 */
export async function unusedImages(
  store: SuspensionStore,
  images: StoredImages,
  own: string,
  nowMs: number,
): Promise<readonly StoredImage[]> {
  const old = (await ask(() => images.list())).filter(
    ({ id, putAtMs }) => deploymentOfImage(id) !== own && nowMs - putAtMs >= UNUSED_AFTER_MS,
  );
  const unseen = new Set(old.map(({ id }) => deploymentOfImage(id)));
  let after: string | undefined;
  while (unseen.size > 0) {
    const from = after === undefined ? {} : { after };
    const states = ['suspended', 'resuming'] as const;
    const page = await ask(() => store.list({ states, limit: LISTED_AT_ONCE, ...from }));
    for (const { deployment } of page.suspensions) {
      // It was suspended by a version that did not say by which deployment: it may be any.
      if (deployment === undefined) return [];
      unseen.delete(deploymentOfLabel(deployment));
    }
    after = page.next;
    if (after === undefined) break;
  }
  return old.filter(({ id }) => unseen.has(deploymentOfImage(id)));
}
