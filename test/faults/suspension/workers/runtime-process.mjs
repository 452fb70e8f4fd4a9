// A process with a runtime whose clock may be ahead of the others', so that it sees the leases of dead processes as lapsed.
import { createRuntime } from '#dist/index.js';
import { serve, startArguments } from '../../lib/serve.mjs';

const [{ clockAheadMs = 0, ...options }] = startArguments();
const now = Date.now;
Date.now = () => now() + clockAheadMs;

const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, minInstances: 1, metrics: false, ...options });
serve({
  /** The parent wants to kill it at work, not while it starts. */
  async warmUp() {
    const { suspension } = await runtime.executeHandler('await $ext.a.b()', { capabilities: ['ext:*'] });
    await runtime.resumeHandler(suspension.suspensionId, { success: true });
  },
  async execute({ code, args }) {
    return outcomeOf(await runtime.executeHandler(code, { args, capabilities: ['events:emit:*', 'ext:*'] }));
  },
  async resume({ id, value }) {
    return outcomeOf(await runtime.resumeHandler(id, { success: true, value }));
  },
  /** Whether a worker is at it right now. */
  async isExecuting() {
    return runtime.getStats().activeInstances > 0;
  },
  async count() {
    let count = 0;
    for await (const _ of runtime.listSuspensions()) count++;
    return count;
  },
});

function outcomeOf({ status, returnValue, events, suspension, error }) {
  return { status, returnValue, events, next: suspension?.suspensionId, error };
}
