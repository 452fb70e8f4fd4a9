import { MAX_TIMER_MS } from './config/limits.js';
import type { CallResult } from './contract/answers.js';
import type { CallContext, Extension } from './contract/extension.js';
import type { ExecutionMetrics, ExtensionCall, SegmentEffects, WasmError, WasmResult } from './contract/result.js';
import { abortable } from './contract/waiting.js';
import { NexusError } from './errors/nexus-error.js';
import type { Executed } from './executions.js';
import { methodNamesOf } from './pool/build-request.js';
import type { ResumeOptions } from './pool/execute-options.js';
import { addMetrics } from './pool/result.js';
import { newRunId } from './suspension/ids.js';
import type { SuspendedRun } from './suspension/suspended-run.js';

export interface RunLoopOptions {
  /** By name; a handler calls `$ext.<name>.<method>(…args)`. */
  readonly extensions: Readonly<Record<string, Extension>>;
  /** Told what the handler did, in order, at every suspension and at its end. Awaited before the handler goes on. */
  readonly onEffects: ((effects: SegmentEffects) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Over everything: executing, waiting, extensions. */
  readonly deadlineMs: number | undefined;
  /** For one call of an extension. */
  readonly callTimeoutMs: number;
  readonly resume: (run: SuspendedRun, answers: readonly CallResult[], options: ResumeOptions) => Promise<Executed>;
  readonly resumeOptions: ResumeOptions;
}

/** A call that was begun. */
interface Pending {
  readonly answer: Promise<CallResult>;
  readonly abort: AbortController;
}

/**
 * Drives a handler to its end: hands its effects on, makes the calls it waits for, and goes on with their answers. All of it stays in
 * this process, so what waits is kept as it is, unsealed, and nowhere stored.
 */
export class RunLoop {
  readonly #options: RunLoopOptions;
  readonly #runId = newRunId();
  readonly #pending = new Map<string, Pending>();
  readonly #stop = new AbortController();
  readonly #effects = { stateMutations: [], events: [], viewCommands: [], logs: [] } as {
    [K in keyof SegmentEffects]: SegmentEffects[K][number][];
  };

  /** Of all segments so far. */
  #metrics: ExecutionMetrics | undefined;

  constructor(options: RunLoopOptions) {
    this.#options = options;
  }

  /** Fires when the run is over or called off. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** @param begin executes the first segment, under the signal */
  async drive(begin: (signal: AbortSignal) => Promise<Executed>): Promise<WasmResult> {
    const { signal, deadlineMs } = this.#options;
    const onAbort = () => this.#stop.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      deadlineMs === undefined
        ? undefined
        : setTimeout(() => this.#stop.abort(new DeadlineError(deadlineMs)), Math.min(deadlineMs, MAX_TIMER_MS));
    try {
      return await this.#drive(begin);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      for (const { abort } of this.#pending.values()) abort.abort(new Error('the handler has ended'));
    }
  }

  async #drive(begin: (signal: AbortSignal) => Promise<Executed>): Promise<WasmResult> {
    let executed = await begin(this.#stop.signal);
    for (;;) {
      const { result, waiting, run } = executed;
      this.#metrics = this.#metrics === undefined ? result.metrics : addMetrics(this.#metrics, result.metrics);
      await this.#deliver(result);
      const calls = waiting?.calls ?? result.unawaitedCalls ?? [];
      const isCalledOff = this.#stop.signal.aborted;
      if (isCalledOff && run !== undefined) return this.#whole(this.#calledOff(result));
      if (isCalledOff) return this.#whole(this.#ended(result));
      for (const call of calls) if (!this.#pending.has(call.callId)) this.#pending.set(call.callId, this.#begin(call));
      if (run === undefined) {
        // Nobody waits for these answers; the calls are made all the same.
        await this.#unlessStopped(Promise.all(calls.map(({ callId }) => this.#pending.get(callId)?.answer)));
        return this.#whole(result);
      }
      const answers = await this.#nextAnswers(calls);
      if (answers === undefined) return this.#whole(this.#calledOff(result));
      executed = await this.#resume(run, answers);
    }
  }

  /** An answer that cannot enter the VM becomes an error at the handler's `await`, and harms no other. */
  async #resume(run: SuspendedRun, answers: readonly CallResult[]): Promise<Executed> {
    const options = { ...this.#options.resumeOptions, signal: this.#stop.signal };
    const resume = (given: readonly CallResult[]) => this.#options.resume(run, given, options);
    const [first] = answers;
    try {
      const executed = await resume(answers);
      for (const { callId } of answers) this.#pending.delete(callId);
      return executed;
    } catch (error) {
      if (!(error instanceof NexusError) || !isAnswersFault(error) || first === undefined) throw error;
      // The others have their turn after it, one by one if need be.
      if (answers.length > 1) return this.#resume(run, [first]);
      this.#pending.delete(first.callId);
      return resume([refuse(first, error)]);
    }
  }

  async #deliver(result: WasmResult): Promise<void> {
    const { stateMutations, events, viewCommands, logs } = result;
    this.#effects.stateMutations.push(...stateMutations);
    this.#effects.events.push(...events);
    this.#effects.viewCommands.push(...viewCommands);
    this.#effects.logs.push(...logs);
    await this.#options.onEffects?.({ stateMutations, events, viewCommands, logs });
  }

  /** Waits for one answer and takes all that are there then. Undefined when the run is called off. */
  async #nextAnswers(calls: readonly ExtensionCall[]): Promise<CallResult[] | undefined> {
    const { signal } = this.#stop;
    if (signal.aborted) return undefined;
    const ready: CallResult[] = [];
    const waiting = calls.map(({ callId }) => this.#pending.get(callId)?.answer.then((answer) => ready.push(answer)));
    await this.#unlessStopped(Promise.race(waiting));
    // Those that settled at the same time.
    await new Promise((resolve) => setImmediate(resolve));
    // A copy: those that settle later are for the next time.
    return signal.aborted ? undefined : [...ready];
  }

  /** Waits for a promise, or until the run is called off. */
  async #unlessStopped(promise: Promise<unknown>): Promise<void> {
    await abortable(() => promise, this.#stop.signal);
  }

  #begin({ callId, extensionName, method, args }: ExtensionCall): Pending {
    const abort = new AbortController();
    const onStop = () => abort.abort(this.#stop.signal.reason);
    this.#stop.signal.addEventListener('abort', onStop, { once: true });
    const { callTimeoutMs, extensions } = this.#options;
    const name = `$ext.${extensionName}.${method}`;
    const answer = (async (): Promise<CallResult> => {
      let timer: NodeJS.Timeout | undefined;
      try {
        const extension = Object.hasOwn(extensions, extensionName) ? extensions[extensionName] : undefined;
        // What every object inherits is no method of an extension.
        const isMethod = extension !== undefined && methodNamesOf(extension).includes(method);
        const implementation: unknown = isMethod ? Reflect.get(extension, method) : undefined;
        if (typeof implementation !== 'function') throw new TypeError(`There is no extension method ${name}`);
        const context: CallContext = { key: `${this.#runId}:${callId}`, signal: abort.signal };
        const self = Object.create(extension ?? null, { call: { value: context } }) as object;
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(
            () => reject(new CallTimeoutError(name, callTimeoutMs)),
            Math.min(callTimeoutMs, MAX_TIMER_MS),
          );
        });
        const value: unknown = await Promise.race([Reflect.apply(implementation, self, args), late]);
        return { callId, success: true, value };
      } catch (error) {
        abort.abort(error);
        return { callId, success: false, error };
      } finally {
        clearTimeout(timer);
        this.#stop.signal.removeEventListener('abort', onStop);
      }
    })();
    return { answer, abort };
  }

  /** A segment that was stopped by our own signal says so in the words of what stopped it. */
  #ended(result: WasmResult): WasmResult {
    return result.error?.code === 'CANCELLED' && this.#stop.signal.aborted ? this.#calledOff(result) : result;
  }

  #calledOff(result: WasmResult): WasmResult {
    const { suspension: _, returnValue: __, ...rest } = result;
    return { ...rest, status: 'error', partial: true, error: describeStop(this.#stop.signal.reason, result.error) };
  }

  /** The end, of all segments. */
  #whole(result: WasmResult): WasmResult {
    const { unawaitedCalls: _, ...rest } = result;
    return { ...rest, ...this.#effects, metrics: this.#metrics ?? result.metrics };
  }
}

class DeadlineError extends Error {
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    super(`The run took longer than deadlineMs (${deadlineMs} ms); raise deadlineMs to allow more.`);
    this.deadlineMs = deadlineMs;
  }
}

/** What a handler sees when its extension does not answer. */
class CallTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(name: string, callTimeoutMs: number) {
    super(`${name} did not answer within callTimeoutMs (${callTimeoutMs} ms)`);
  }
}

function describeStop(reason: unknown, error: WasmError | undefined): WasmError {
  if (reason instanceof DeadlineError) {
    const { deadlineMs, message } = reason;
    return { code: 'TIMEOUT', message, context: { limit: 'deadlineMs', value: deadlineMs, layer: 'deadline' } };
  }
  if (error !== undefined) return error;
  const text = reason instanceof Error ? reason.message : String(reason);
  return { code: 'CANCELLED', message: `The run was cancelled: ${text}`, context: { reason: text } };
}

function isAnswersFault({ code, context }: NexusError): boolean {
  return code === 'SERIALIZATION_ERROR' || (code === 'INVALID_ARGUMENT' && context['limit'] === 'maxContextBytes');
}

/** In place of an answer that cannot enter. Of an error, name and message always can. */
function refuse(answer: CallResult, { message }: NexusError): CallResult {
  const { callId } = answer;
  if (!answer.success && answer.error instanceof Error) {
    const { name, message } = answer.error;
    return { callId, success: false, error: { name: String(name), message: String(message) } };
  }
  const error = new TypeError(`The answer of the extension cannot enter the VM: ${message}`);
  return { callId, success: false, error };
}
