// A process of a fleet: executes runs without any extension, or makes calls. Each line on stdout is something that it was told, or a call
// that is answered later.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';

import { createRuntime, currentCall, later } from '#build/index.js';
import { dying } from '../../lib/dying.mjs';
import { connectQueue, connectStore } from '../../lib/fleet-servers.mjs';
import { repeating } from '../../lib/repeating-dispatcher.mjs';

const [suspensionDir, leaseMs, { role, queue, store, repeats, death, libraries }] = process.argv
  .slice(2)
  .map((arg) => JSON.parse(arg));
const STDOUT = 1;

/** When this returns, the parent has it, even if the process is killed at once. */
function tell(line) {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
}

const service = {
  token: async () => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    return randomUUID();
  },
  ask: () => {
    tell({ ask: currentCall().key });
    return later;
  },
};
const { dispatcher: connected } = connectQueue(queue);
const dispatcher = repeats ? repeating(connected, (_task, times) => tell({ times })) : connected;
const suspensions = store === undefined ? { suspensionDir } : connectStore(store).suspensions;
if (death !== undefined) suspensions.suspensionStore = dying(suspensions.suspensionStore, death);

const options = {
  cacheDir: false,
  maxInstances: 1,
  metrics: false,
  leaseMs,
  dispatcher,
  ...suspensions,
  ...(libraries && { libraries }),
};
/** As whoever supervises processes does: it begins when its servers can be used. */
async function insist(begin) {
  for (;;) {
    try {
      return await begin();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
const runtime = await insist(() => createRuntime(options));
if (role === 'caller') await insist(() => runtime.work({ runs: false, extensions: { service } }));
else {
  const work = {
    // The campaign kills processes faster than runs go on: none of it is the fault of a run.
    maxCrashes: 1_000,
    onEffects: ({ events }, { key, runId }) => tell({ key, runId, effects: events }),
    onEnd: ({ status, returnValue, error }, { runId }) => tell({ runId, end: { status, returnValue, error } }),
  };
  await insist(() => runtime.work(work));
}
process.once('SIGTERM', async () => {
  await runtime.shutdown();
  await dispatcher.close();
  // Clients of servers are open.
  process.exit();
});
tell({ isReady: true });
