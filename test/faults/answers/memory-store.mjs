import { createRuntime } from '#build/index.js';
import { MemoryStore } from '#build/suspension/memory-store/memory-store.js';

import { deliver } from '../lib/answer-clients.mjs';
import { raceAnswers, readCounts } from '../lib/answer-races.mjs';
import { Findings } from '../lib/findings.mjs';

export const title = 'answers of three runtimes, one store in memory';

const RUNTIMES = 3;
const QUICK_RACES = 40;

export async function run(options) {
  const findings = new Findings();
  const suspensionStore = new MemoryStore();
  const runtimes = await Promise.all(
    Array.from({ length: RUNTIMES }, () =>
      createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, suspensionStore }),
    ),
  );
  try {
    const figure = await raceAnswers({
      ...readCounts(options, QUICK_RACES),
      places: RUNTIMES,
      findings,
      suspend: async (place, code, args) => {
        const context = { args, capabilities: ['events:emit:*', 'ext:*'], extensionRegistry: { a: ['b', 'c'] } };
        const { suspension } = await runtimes[place].executeHandler(code, context);
        return { suspensionId: suspension.suspensionId, callIds: suspension.calls.map(({ callId }) => callId) };
      },
      give: (place, id, answers) => deliver(runtimes[place], id, answers),
      stateOf: async (id) => (await runtimes[0].inspectSuspension(id))?.state,
    });
    return findings.end(figure);
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.shutdown({ drainTimeoutMs: 1_000 })));
  }
}
