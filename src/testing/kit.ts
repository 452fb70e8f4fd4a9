// The part of the kit that is loaded on first use, in one file.
export { startRecording } from './recording/record.js';
export { replayRecording } from './recording/replay.js';
export { startTestRuntime } from './runtime/start-test-runtime.js';
