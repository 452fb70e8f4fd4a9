// Works on runs. Each line on stdout is something that it was told, or a call that is answered later. With `kill`, it dies at an operation of
// its store; with `clockMs`, its clock is wrong.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';

import { createRuntime, currentCall, later } from '#build/index.js';
import { FileStore } from '#build/suspension/file-store/file-store.js';
import { killedAt } from '../../lib/killed-store.mjs';

const [suspensionDir, leaseMs, { kill, clockMs = 0 } = {}] = process.argv.slice(2).map((arg) => JSON.parse(arg));
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
const now = Date.now;
Date.now = () => now() + clockMs;
const suspensionStore = kill && killedAt(new FileStore(suspensionDir), kill);
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
