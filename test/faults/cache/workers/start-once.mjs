// The next start after a crash, in a process of its own.
import { startAgain } from '../../lib/entries.mjs';
import { serve } from '../../lib/serve.mjs';

serve({ start: ({ cacheDir, maxBytes }) => startAgain(cacheDir, maxBytes) });
