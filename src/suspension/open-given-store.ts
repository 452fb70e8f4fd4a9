import type { SuspensionConfig } from '../config/resolve-suspension.js';
import { secretId } from './sealed/envelope-keys.js';
import { ask } from './store-calls.js';

/**
 * Opens a store that the application made, if the store wants to be opened.
 *
 * @throws NexusError as the store rejects
 */
export async function openGivenStore({ place, secrets }: SuspensionConfig): Promise<void> {
  if (place === 'memory' || 'directory' in place) return;
  const { store } = place;
  await ask(async () => store.open?.({ secretIds: secrets.map(secretId) }));
}
