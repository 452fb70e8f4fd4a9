// An executor without threads, like that of a worker in a default runtime.
import { readFile } from 'node:fs/promises';
import { decodePreludeImage } from '../../build/engine/image/prelude-image.js';
import { loadEngine } from '../../build/engine/load-engine.js';
import { Executor } from '../../build/worker/executor.js';

const DEFAULT_VM_LIMITS = { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 512 * 1024 };

/** An executor and its parts. */
export async function referenceExecutor({ vmLimits = DEFAULT_VM_LIMITS, libraries = [] } = {}) {
  const engine = await loadEngine();
  const encodedPrelude = await readFile(new URL('../../build/guest/prelude.image', import.meta.url));
  const prelude = decodePreludeImage(encodedPrelude, engine.fingerprint);
  const executor = await Executor.create({ engine, prelude, libraries, ...vmLimits });
  return { engine, prelude, executor };
}
