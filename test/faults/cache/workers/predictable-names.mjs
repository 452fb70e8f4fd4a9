// A process whose temporary names can be foreseen, so that something can be planted under them.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

import { serve, startArguments } from '../../lib/serve.mjs';

// Before anything imports it: a real process draws 48 random bits a name.
crypto.randomBytes = (size) => Buffer.alloc(size, 7);
syncBuiltinESMExports();
const { temporaryName } = await import('#build/support/files/temporary.js');
const { makeEntry, openTier } = await import('../../lib/entries.mjs');

const [cacheDir] = startArguments();
const tier = openTier(cacheDir, 1_000_000);

serve({
  /** The name that every write of an entry uses; undefined when it cannot be foreseen. */
  foresee(name) {
    const [first, second] = [temporaryName(makeEntry(name, 0).key), temporaryName(makeEntry(name, 0).key)];
    return first === second ? first : undefined;
  },
  async write(name) {
    const kept = await tier.put(makeEntry(name, 1_000));
    return { kept, isFound: (await tier.get(makeEntry(name, 0).key)) !== undefined };
  },
});
