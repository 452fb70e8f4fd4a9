import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import type { RunProbe } from '../runtime/run/run-probe.js';
import type { CoveringRuntime } from './coverage/coverage.js';
import { requestMock } from './fetch-mock.js';
import { type HandlerOptions, prepareHandler } from './handler-options.js';
import { readHandler, requireCompiled } from './handler-source.js';
import { Mocks } from './mocks.js';
import { type TestResult, testResult } from './test-result.js';

/** A test does not wait as long for an answer as a person would. */
const MOCK_TIMEOUT_MS = 5_000;

/** The part of a runtime that the kit needs. */
export type ProbedRuntime = Pick<NexusRuntime, 'runProbed' | 'inferCapabilities'> & CoveringRuntime;

/** Runs a handler to its end, with its calls answered by mocks. */
export async function runToEnd(
  runtime: ProbedRuntime,
  codeOrFile: string | URL,
  given: HandlerOptions,
): Promise<TestResult> {
  const mocks = new Mocks(given.ext);
  const source = await readHandler(codeOrFile);
  const { context, options } = prepareHandler(given, source, runtime);
  const covered = runtime.cover(source, options);
  const stop = new AbortController();
  let fault: unknown;
  const probe: RunProbe = {
    request: requestMock(given.fetch),
    // A call without a mock is an error of the test, not of the handler.
    answersAll: true,
    async answer(call) {
      const answer = await mocks.answer(call).catch((error: unknown) => {
        // The handler could catch it, but the test must fail.
        fault ??= error;
        stop.abort(error);
        throw error;
      });
      if (answer.success) return answer.value;
      throw answer.error;
    },
  };
  const limits = { signal: stop.signal, callTimeoutMs: MOCK_TIMEOUT_MS };
  const runOptions = { ...covered.options(options), ...limits };
  const result = covered.restore(await runtime.runProbed(covered.code, context, runOptions, probe));
  if (fault !== undefined) throw fault;
  requireCompiled(source, result.error);
  return testResult(result, context.stateSnapshot, mocks.calls);
}
