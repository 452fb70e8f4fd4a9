// Ours: the VM as data. A resume executes only what follows the await.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime } from '../../build/index.js';
import { answerTo, contextOf, SOURCE } from './awaits.mjs';

const POOL = { cacheDir: false, maxInstances: 1, minInstances: 1 };

export async function load() {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-bench-awaits-'));
  const inMemory = await createRuntime(POOL);
  const inFiles = await createRuntime({ ...POOL, suspensionDir: directory });
  return {
    variants: {
      'kept in memory': variant(inMemory),
      'kept in files': { ...variant(inFiles), bytes: (waiting) => fileBytes(directory, waiting.id) },
    },
    async release() {
      await Promise.all([inMemory.shutdown(), inFiles.shutdown()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function variant(runtime) {
  const resume = ({ id, sku }) => runtime.resumeHandler(id, { success: true, value: answerTo(sku) });
  return {
    /** Up to the last await. */
    async prepare(awaits) {
      let result = await runtime.executeHandler(SOURCE, contextOf(awaits));
      for (let answered = 1; answered < awaits; answered++) result = await resume(waitingOf(result));
      return waitingOf(result);
    },
    resume,
  };
}

function waitingOf({ status, suspension, error }) {
  if (status !== 'suspended') throw new Error(`expected a suspended handler: ${status} ${error?.message}`);
  return { id: suspension.suspensionId, sku: suspension.args[0] };
}

/** The files of the run's newest generation, without the directory itself. */
function fileBytes(directory, id) {
  const [runId] = id.split('.');
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.includes(runId))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return Math.max(...files);
}
