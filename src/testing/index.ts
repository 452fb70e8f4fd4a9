/**
 * Runs handlers in tests without workers, and records and replays executions.
 *
 * @module nexus-runtime/testing
 */
export { TestClock } from './clock.js';
export { type CoverageOptions, type CoverageTotals, reportCoverage } from './coverage/report.js';
export { expectLimits, type LimitExpectations } from './expect-limits.js';
export { expectSuccess } from './expect-success.js';
export type { FetchMock } from './fetch-mock.js';
export type { HandlerOptions } from './handler-options.js';
export type { HandlerStep, StepFields } from './handler-step.js';
export type { ExtensionMocks, MadeCall } from './mocks.js';
export type { Difference } from './recording/differences.js';
export { answers, type Failure, failure, type RecordedAnswers } from './recording/recorded-answers.js';
export type { RecordingPlace } from './recording/recording-files.js';
export {
  type RecordingRuntime,
  type RecordOptions,
  type Replay,
  type ReplayOptions,
  record,
  replay,
} from './recording/recordings.js';
export { createTestRuntime } from './runtime/create-test-runtime.js';
export { runHandler, sharedTestRuntime, suspendAt } from './runtime/shared-runtime.js';
export type { TestRuntime } from './runtime/test-runtime.js';
export type { TestRuntimeOptions } from './runtime/test-runtime-options.js';
export type { TestState } from './state.js';
export type { TestFields, TestResult } from './test-result.js';
