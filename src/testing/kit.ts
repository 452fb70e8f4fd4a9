// All of the kit that is loaded when it is first used, in one piece.
export { startRecording } from './recording/record.js';
export { replayRecording } from './recording/replay.js';
export { startTestRuntime } from './runtime/start-test-runtime.js';
