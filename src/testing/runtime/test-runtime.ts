import type { AsyncResult, CallResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { WasmResult } from '../../api/result.js';
import type { RuntimeConfig } from '../../config/resolve.js';
import type { ExecuteOptions, ResumeOptions } from '../../execution/request/execute-options.js';
import { NexusRuntime, type RuntimeParts } from '../../runtime/nexus-runtime.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import type { RunProbe } from '../../runtime/run/run-probe.js';
import type { TestClock } from '../clock.js';
import type { HandlerOptions } from '../handler-options.js';
import { type HandlerStep, suspendFirst } from '../handler-step.js';
import { runToEnd } from '../run-handler.js';
import type { TestResult } from '../test-result.js';

export interface TestRuntimeParts extends Pick<RuntimeParts, 'createPool'> {
  readonly clock: TestClock;
  readonly seed: number;
}

/** A runtime in the calling thread, see `createTestRuntime`: all that a runtime has, and what tests are written with. */
export class TestRuntime extends NexusRuntime {
  /** Its time: what handlers see as now, and when suspensions expire. */
  readonly clock: TestClock;
  readonly #seed: number;

  /** @internal use `createTestRuntime` */
  constructor(config: RuntimeConfig, engine: string, { createPool, clock, seed }: TestRuntimeParts) {
    let runs = 0;
    // As long as a real one, so that it can be part of what a real one is part of.
    const newRunId = () => `run-${String(++runs).padStart(18, '0')}`;
    super(config, engine, { createPool, surroundings: { now: () => clock.now(), newRunId } });
    this.clock = clock;
    this.#seed = seed;
  }

  /**
   * Runs a handler to its end, its calls answered by mocks.
   *
   * @param codeOrFile a URL, or a string without white space that ends in `.js` or `.ts` (or `.mjs` and the like), is a file; any other string is code
   * @throws NexusError INVALID_ARGUMENT when it calls what no mock answers, or a file cannot be read; COMPILATION_ERROR, INVALID_HANDLER
   * with file, line and snippet; SERIALIZATION_ERROR, RUNTIME_CLOSED
   */
  runHandler(codeOrFile: string | URL, options: HandlerOptions = {}): Promise<TestResult> {
    return runToEnd(this, codeOrFile, options);
  }

  /**
   * Executes a handler to where it waits for a call that no mock answers: without mocks, to the first. The step that it returns goes on
   * with an answer.
   *
   * @throws NexusError INVALID_ARGUMENT when it ends before, and what {@link runHandler} throws
   */
  suspendAt(codeOrFile: string | URL, options: HandlerOptions = {}): Promise<HandlerStep> {
    return suspendFirst(this, codeOrFile, options);
  }

  override executeHandler(code: string, context?: WasmContext, options?: number | ExecuteOptions): Promise<WasmResult> {
    return super.executeHandler(code, context, this.#repeatable(options));
  }

  override executeCompiledHandler(
    artifact: Uint8Array,
    context?: WasmContext,
    options?: number | ExecuteOptions,
  ): Promise<WasmResult> {
    return super.executeCompiledHandler(artifact, context, this.#repeatable(options));
  }

  override resumeHandler(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[],
    options: number | ResumeOptions = {},
  ): Promise<WasmResult> {
    const given = typeof options === 'number' ? { timeoutMs: options } : options;
    return super.resumeHandler(suspensionId, answers, { now: this.clock.now(), ...given });
  }

  override run(code: string | Uint8Array, context: WasmContext = {}, options: RunOptions = {}): Promise<WasmResult> {
    return this.runProbed(code, context, options, {});
  }

  /** @internal */
  override runProbed(
    code: string | Uint8Array,
    context: WasmContext,
    options: RunOptions,
    probe: RunProbe,
  ): Promise<WasmResult> {
    const clock = options?.now === undefined && { now: () => this.clock.now() };
    return super.runProbed(code, context, { seed: this.#seed, ...options }, { ...clock, ...probe });
  }

  #repeatable(options: number | ExecuteOptions = {}): ExecuteOptions {
    const given = typeof options === 'number' ? { timeoutMs: options } : options;
    return { now: this.clock.now(), seed: this.#seed, ...given };
  }
}
