import type { AsyncResult, CallResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { WasmResult } from '../../api/result.js';
import type { HandlerRef } from '../../compiler/handler-loader.js';
import type { RuntimeConfig } from '../../config/resolve.js';
import type { ExecuteOptions, ResumeOptions } from '../../execution/request/execute-options.js';
import { NexusRuntime, type RuntimeParts } from '../../runtime/nexus-runtime.js';
import type { ResumeProbe } from '../../runtime/own/own-answers.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import type { RunProbe } from '../../runtime/run/run-probe.js';
import { type RuntimeEnvironment, systemEnvironment } from '../../support/environment.js';
import type { TestClock } from '../clock.js';
import { asItIs, type CoveredHandler, type HandlerCoverage, type Room } from '../coverage/coverage.js';
import type { HandlerOptions } from '../handler-options.js';
import type { HandlerSource } from '../handler-source.js';
import { type HandlerStep, suspendFirst } from '../handler-step.js';
import { runToEnd } from '../run-handler.js';
import type { TestResult } from '../test-result.js';

export interface TestRuntimeParts extends Pick<RuntimeParts, 'createPool' | 'libraryNeeds' | 'libraries'> {
  readonly clock: TestClock;
  readonly seed: number;
  /** False: time, randomness and ids are real. */
  readonly deterministic: boolean;
  readonly coverage: HandlerCoverage | undefined;
}

/**
 * A runtime in the calling thread, see `createTestRuntime`: a complete runtime with additional methods for
 * tests.
 */
export class TestRuntime extends NexusRuntime {
  /** Its clock: the time that handlers see, and by which suspensions expire. With `deterministic: false` nothing follows it. */
  readonly clock: TestClock;
  readonly #seed: number;
  readonly #isDeterministic: boolean;
  readonly #coverage: HandlerCoverage | undefined;
  readonly #room: Room;

  /** @internal use `createTestRuntime` */
  constructor(
    config: RuntimeConfig,
    engine: string,
    { createPool, clock, seed, deterministic, coverage, libraryNeeds = {}, libraries = [] }: TestRuntimeParts,
  ) {
    let runs = 0;
    // As long as a real id, so that it can be used in the same places.
    const newRunId = () => `run-${String(++runs).padStart(18, '0')}`;
    const environment: RuntimeEnvironment = {
      now: () => clock.now(),
      alarm: (atMs, ring, isIdle) => clock.alarm(atMs, ring, isIdle),
      newRunId,
    };
    super(config, engine, {
      ...{ createPool, libraryNeeds, libraries },
      environment: deterministic ? environment : systemEnvironment,
    });
    this.clock = clock;
    this.#seed = seed;
    this.#isDeterministic = deterministic;
    this.#coverage = coverage;
    this.#room = config.limits;
  }

  /**
   * Runs a handler to its end, with its calls answered by mocks.
   *
   * @param codeOrFile a URL, or a string without white space that ends in `.js` or `.ts` (or `.mjs` and so
   *   on), is a file; any other string is code
   * @throws NexusError INVALID_ARGUMENT if no mock answers a call, or a file cannot be read;
   *   COMPILATION_ERROR, INVALID_HANDLER with file, line and snippet; SERIALIZATION_ERROR, RUNTIME_CLOSED
   */
  runHandler(codeOrFile: string | URL, options: HandlerOptions = {}): Promise<TestResult> {
    return runToEnd(this, codeOrFile, options);
  }

  /**
   * Executes a handler until it waits for a call that no mock answers; without mocks, this is the first call.
   * The returned step can be resumed with an answer.
   *
   * @throws NexusError INVALID_ARGUMENT if it ends before, and the errors of {@link runHandler}
   */
  suspendAt(codeOrFile: string | URL, options: HandlerOptions = {}): Promise<HandlerStep> {
    return suspendFirst(this, codeOrFile, options);
  }

  /** @internal */
  cover(source: HandlerSource, options: ExecuteOptions): CoveredHandler {
    const { wrap = this.inner.config.cache.wrap } = options;
    const read = wrap === undefined ? options : { ...options, wrap };
    return this.#coverage?.cover(source, this.#room, read) ?? asItIs(source);
  }

  /** @internal */
  override executeAny(
    handler: HandlerRef,
    context: WasmContext,
    options: number | ExecuteOptions | undefined,
  ): Promise<WasmResult> {
    return super.executeAny(handler, context, this.#repeatable(options));
  }

  /** @internal */
  override resumeAny(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[],
    options: number | ResumeOptions,
    probe?: ResumeProbe,
  ): Promise<WasmResult> {
    const given = typeof options === 'number' ? { timeoutMs: options } : options;
    if (!this.#isDeterministic) return super.resumeAny(suspensionId, answers, given, probe);
    return super.resumeAny(suspensionId, answers, { now: this.clock.now(), ...given }, probe);
  }

  /** @internal */
  override runProbed(
    code: string | Uint8Array,
    context: WasmContext,
    options: RunOptions,
    probe: RunProbe = {},
  ): Promise<WasmResult> {
    if (!this.#isDeterministic) return super.runProbed(code, context, options, probe);
    const clock = options?.now === undefined && { now: () => this.clock.now() };
    return super.runProbed(code, context, { seed: this.#seed, ...options }, { ...clock, ...probe });
  }

  #repeatable(options: number | ExecuteOptions = {}): ExecuteOptions {
    const given = typeof options === 'number' ? { timeoutMs: options } : options;
    if (!this.#isDeterministic) return given;
    return { now: this.clock.now(), seed: this.#seed, ...given };
  }
}
