// One of many processes that write into one cache.
import { makeEntry, openTier } from '../../lib/entries.mjs';
import { serve } from '../../lib/serve.mjs';

let tier;
let contentBytes;
let problems;

serve({
  open(settings) {
    contentBytes = settings.contentBytes;
    problems = [];
    tier = openTier(settings.cacheDir, settings.maxBytes, ({ reason }) => problems.push(reason));
  },

  /** Puts entries one after the other; each has one of `names`, or a name of its own when there are none. */
  async write({ puts, names, version }) {
    let kept = 0;
    for (let i = 0; i < puts; i++) {
      const name = names?.[i % names.length] ?? `${process.pid} ${i}`;
      if (await tier.put(makeEntry(name, contentBytes, version))) kept++;
    }
    return { kept, problems, stats: tier.stats() };
  },
});
