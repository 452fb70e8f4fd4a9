/**
 * Handlers in tests, without workers, and executions recorded and replayed.
 *
 * @module nexus-runtime/testing
 */
export { TestClock } from './clock.js';
export { createTestRuntime } from './create-test-runtime.js';
export { expectLimits, type LimitExpectations } from './expect-limits.js';
export type { HandlerOptions } from './handler-options.js';
export type { HandlerStep } from './handler-step.js';
export type { ExtensionMocks, MadeCall } from './mocks.js';
export { answers, type Failure, failure, type RecordedAnswers } from './recorded-answers.js';
export type { Difference } from './recording/differences.js';
export type { RecordingPlace } from './recording/recording-files.js';
export {
  type RecordingRuntime,
  type RecordOptions,
  type Replay,
  type ReplayOptions,
  record,
  replay,
} from './recordings.js';
export { runHandler, sharedTestRuntime, suspendAt } from './shared-runtime.js';
export type { TestState } from './state.js';
export type { TestResult } from './test-result.js';
export type { TestRuntime } from './test-runtime.js';
export type { TestRuntimeOptions } from './test-runtime-options.js';
