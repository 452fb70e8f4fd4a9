import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { createTestRuntime } from '../runtime/create-test-runtime.js';
import type { RecordingRuntime, RecordOptions } from './record.js';
import type { Replay, ReplayOptions } from './replay.js';

export type { RecordingRuntime, RecordOptions } from './record.js';
export type { Replay, ReplayOptions } from './replay.js';

/**
 * A runtime that writes down what it executes, so that it can be replayed: handler, context, limits, the answers of extensions, chance
 * and time. Chance and the clock of each segment are fixed for it; a handler sees no time pass while it computes.
 *
 * Recordings hold what the handlers were given: they are readable by this user only, and neither encrypted nor removed. One that cannot be
 * written is a warning (`NEXUS_RECORDING`) and costs no result.
 *
 * @param runtime used through what is returned, which is a runtime as well; `resumeHandler` goes on with a recording that was begun in
 * this process, or in the same directory by another
 * @param options `file` for the latest execution, or `directory` for all; `onlyFailures` keeps those that did not succeed
 * @throws NexusError INVALID_ARGUMENT, and what the system throws when the directory cannot be made
 */
export async function record(runtime: NexusRuntime, options: RecordOptions): Promise<RecordingRuntime> {
  const { startRecording } = await import('../kit.js');
  return startRecording(runtime, options);
}

/**
 * Executes again what was recorded, with the answers that were recorded, and says where the outcome differs.
 *
 * @param file a path, or a URL
 * @throws NexusError INVALID_ARGUMENT when the file cannot be read, is damaged or of another format, or its libraries are not given;
 * COMPILATION_ERROR and INVALID_HANDLER of `options.code`
 */
export async function replay(file: string | URL, options: ReplayOptions = {}): Promise<Replay> {
  const { replayRecording } = await import('../kit.js');
  return replayRecording(file, options, createTestRuntime);
}
