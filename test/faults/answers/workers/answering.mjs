// A process with several runtimes on one suspension directory, whose clients answer suspended handlers.
import { createRuntime } from '#dist/index.js';
import { deliver } from '../../lib/answer-clients.mjs';
import { serve, startArguments } from '../../lib/serve.mjs';

const [{ suspensionDir, runtimes: count }] = startArguments();
const runtimes = await Promise.all(
  Array.from({ length: count }, () =>
    createRuntime({ cacheDir: false, maxInstances: 1, minInstances: 1, metrics: false, suspensionDir }),
  ),
);

serve({
  async suspend({ runtime, code, args }) {
    const context = { args, capabilities: ['events:emit:*', 'ext:*'], extensionRegistry: { a: ['b', 'c'] } };
    const { suspension } = await runtimes[runtime].executeHandler(code, context);
    return { suspensionId: suspension.suspensionId, callIds: suspension.calls.map(({ callId }) => callId) };
  },
  give: ({ runtime, id, answers }) => deliver(runtimes[runtime], id, answers),
  async stateOf({ runtime, id }) {
    return (await runtimes[runtime].inspectSuspension(id))?.state;
  },
});
