// Works on runs. Each line on stdout is something that it was told, or a call that is answered later. With `kill`, it dies at an operation of
// its store; with `clockMs`, its clock is wrong.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';

const [suspensionDir, leaseMs, { kill, clockMs = 0 } = {}] = process.argv.slice(2).map((arg) => JSON.parse(arg));
// The package as it is published starts in half the time of its many modules, which have the store.
const { createRuntime, currentCall, later } = await (kill ? import('#build/index.js') : import('#dist/index.js'));
const STDOUT = 1;

/** When this returns, the parent has it, even if the process is killed at once. */
function tell(line) {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
}

async function killedStore() {
  const { FileStore } = await import('#build/suspension/file-store/file-store.js');
  const { killedAt } = await import('../../lib/killed-store.mjs');
  return killedAt(new FileStore(suspensionDir), kill, (name) => tell({ killedAt: name }));
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
const now = Date.now;
Date.now = () => now() + clockMs;
const suspensionStore = kill && (await killedStore());
const stored = suspensionStore ? { suspensionStore } : { suspensionDir };
const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, ...stored, leaseMs });
await runtime.work({
  extensions: { service },
  // The campaign kills processes faster than runs go on: none of it is the fault of a run.
  maxCrashes: 1_000,
  onEffects: ({ events }, { key, runId }) => tell({ key, runId, effects: events }),
  onEnd: ({ status, returnValue, error }, { runId }) => tell({ runId, end: { status, returnValue, error } }),
});
tell({ isReady: true });
