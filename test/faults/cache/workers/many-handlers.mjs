// A process that executes ever new handlers and says how much memory that takes.
import { createRuntime } from '#dist/index.js';
import { serve, startArguments } from '../../lib/serve.mjs';
import { slowDown } from '../../lib/slow-disk.mjs';

const [options, { handlers, sourceBytes, warmUp, observations = 100, diskDelayMs = 0 }] = startArguments();
const CALLS_AT_ONCE = 16;

if (diskDelayMs > 0) await slowDown(diskDelayMs);

serve({
  async run() {
    const runtime = await createRuntime({ maxInstances: 1, metrics: false, ...options });
    let failed = 0;
    let mostBytes = 0;
    let afterWarmUp;
    let most = 0;
    const padding = 'x'.repeat(sourceBytes);
    const execute = async (number) => {
      const { returnValue } = await runtime.executeHandler(`return ${number}; // ${padding}`);
      if (returnValue !== number) failed++;
    };
    const observeEvery = Math.max(CALLS_AT_ONCE, Math.floor(handlers / observations / CALLS_AT_ONCE) * CALLS_AT_ONCE);
    for (let number = 0; number < handlers; number += CALLS_AT_ONCE) {
      await Promise.all(Array.from({ length: CALLS_AT_ONCE }, (_, i) => execute(number + i)));
      mostBytes = Math.max(mostBytes, runtime.getStats().cache.memory.bytes);
      if (number % observeEvery > 0 || number < warmUp) continue;
      global.gc();
      const { rss } = process.memoryUsage();
      afterWarmUp ??= rss;
      most = Math.max(most, rss);
    }
    const { compilations, memory, disk } = runtime.getStats().cache;
    return { failed, mostBytes, growth: most - afterWarmUp, rss: most, compilations, memory, disk };
  },
});
