import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { createTestRuntime } from '../runtime/create-test-runtime.js';
import type { RecordingRuntime, RecordOptions } from './record.js';
import type { Replay, ReplayOptions } from './replay.js';

export type { RecordingRuntime, RecordOptions } from './record.js';
export type { Replay, ReplayOptions } from './replay.js';

/**
 * Wraps a runtime and records its executions, so that they can be replayed: handler, context, limits, the
 * answers of extensions, random seed and time. Randomness and the clock of each segment are fixed, so a
 * handler sees no time pass while it computes.
 *
 * Recordings contain the data of the handlers: they are readable only by this user, and neither encrypted nor
 * removed. A failed write is a warning (`NEXUS_RECORDING`) and affects no result.
 *
 * @param runtime the runtime to wrap; use the returned runtime in its place. `resumeHandler` continues a
 *   recording that was started in this process, or by another process in the same directory
 * @param options `file` for the latest execution, or `directory` for all; `onlyFailures` keeps executions
 *   that did not succeed
 * @throws NexusError INVALID_ARGUMENT, and system errors if the directory cannot be created
 */
export async function record(runtime: NexusRuntime, options: RecordOptions): Promise<RecordingRuntime> {
  const { startRecording } = await import('../kit.js');
  return startRecording(runtime, options);
}

/**
 * Executes a recording again, with the recorded answers, and reports where the outcome differs.
 *
 * @param file a path, or a URL
 * @throws NexusError INVALID_ARGUMENT if the file cannot be read, is damaged or of another format, or its
 *   libraries are missing; COMPILATION_ERROR and INVALID_HANDLER of `options.code`
 */
export async function replay(file: string | URL, options: ReplayOptions = {}): Promise<Replay> {
  const { replayRecording } = await import('../kit.js');
  return replayRecording(file, options, createTestRuntime);
}
