import type { HandlerOptions } from '../handler-options.js';
import type { HandlerStep } from '../handler-step.js';
import type { TestResult } from '../test-result.js';
import { createTestRuntime } from './create-test-runtime.js';
import type { TestRuntime } from './test-runtime.js';

let shared: Promise<TestRuntime> | undefined;

/** One test runtime for all tests of the process. Tests cannot see each other's effects, except for the clock. */
export function sharedTestRuntime(): Promise<TestRuntime> {
  shared ??= createTestRuntime().catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

/** The same as the method of {@link TestRuntime}, on a shared test runtime with default options. */
export async function runHandler(codeOrFile: string | URL, options: HandlerOptions = {}): Promise<TestResult> {
  return (await sharedTestRuntime()).runHandler(codeOrFile, options);
}

/** The same as the method of {@link TestRuntime}, on a shared test runtime with default options. */
export async function suspendAt(codeOrFile: string | URL, options: HandlerOptions = {}): Promise<HandlerStep> {
  return (await sharedTestRuntime()).suspendAt(codeOrFile, options);
}
