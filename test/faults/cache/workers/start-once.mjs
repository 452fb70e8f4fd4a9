// The next start after a crash: opens the cache and uses it once.
import { makeEntry, openTier } from '../../lib/entries.mjs';
import { serve, startArguments } from '../../lib/serve.mjs';

const [cacheDir, { maxBytes }] = startArguments();

serve({
  async start() {
    const tier = openTier(cacheDir, maxBytes);
    await tier.get(makeEntry('entry 0', 0).key);
    // Writes wait for the first look at the directory.
    return tier.put(makeEntry('first after the crash', 100));
  },
});
