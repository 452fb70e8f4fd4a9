import type { RuntimeOptions } from '../../api/options.js';
import { boolean, invalidOption } from '../../config/check.js';
import { resolveRuntimeConfig } from '../../config/resolve.js';
import { decodePreludeImage } from '../../engine/image/prelude-image.js';
import { describeBundled, readLibraries } from '../../runtime/libraries.js';
import { Executor } from '../../worker/executor.js';
import { TestClock } from '../clock.js';
import { HandlerCoverage } from '../coverage/coverage.js';
import { CallingThread } from './calling-thread.js';
import type { Parts } from './load-parts.js';
import { TestRuntime } from './test-runtime.js';
import type { TestRuntimeOptions } from './test-runtime-options.js';

/** 0 would do as well; an unusual number is easier to recognise. */
const DEFAULT_SEED = 42;
/** Far more than the blocks of any handler. */
const MAX_COUNTED = 1_000_000_000;

/** @throws NexusError INVALID_CONFIG naming the option, INTERNAL_ERROR */
export async function startTestRuntime(options: TestRuntimeOptions, { engine, prelude }: Parts): Promise<TestRuntime> {
  const { now, seed = DEFAULT_SEED, inWorker, deterministic: given, coverage: wanted, ...rest } = options;
  const deterministic = boolean('deterministic', given, true);
  if (!deterministic) requireAbsent({ now, seed: options.seed });
  const coverage = HandlerCoverage.of(wanted);
  const config = resolveRuntimeConfig(coverage === undefined ? rest : withRoom(rest));
  if (!Number.isFinite(seed)) throw invalidOption('seed', seed, 'a finite number');
  const clock = new TestClock(now);
  const { sources: libraries, bundle, needs } = await readLibraries(config.pool.libraries, config.cache, config.node);
  const { memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes } = config.pool;
  const executor = await Executor.create({
    engine,
    prelude: decodePreludeImage(prelude, engine.fingerprint),
    libraries,
    memoryLimitBytes,
    stackSizeBytes,
    isolation,
    maxPreparedBytes,
    expectsRepetition: false,
  }).catch((error: unknown) => {
    throw describeBundled(error, bundle);
  });
  return new TestRuntime(config, engine.fingerprint, {
    clock,
    seed,
    deterministic,
    coverage,
    libraryNeeds: needs,
    libraries,
    createPool: (onRetired) =>
      new CallingThread({
        executor,
        isWorkerOnly: boolean('inWorker', inWorker, false),
        maxLiveBytes: config.pool.maxLiveBytes,
        onRetired,
        // Loaded when needed, because most tests do without it.
        createWorker: async () => {
          const { createWorkerPool } = await import('./thread-pool.js');
          return createWorkerPool(config.pool, engine, libraries);
        },
      }),
  });
}

/** @throws NexusError INVALID_CONFIG for what has no effect on real time and randomness */
function requireAbsent(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) throw invalidOption(name, value, 'absent with deterministic: false');
  }
}

/** What counting adds to a log does not use up the limits of the handler. */
function withRoom(options: RuntimeOptions): RuntimeOptions {
  const limitCeilings = { maxLogBytes: MAX_COUNTED, maxHostCalls: MAX_COUNTED, ...options.limitCeilings };
  return { ...options, limitCeilings };
}
