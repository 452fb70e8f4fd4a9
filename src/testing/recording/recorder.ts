import { randomInt } from 'node:crypto';
import type { AsyncResult, CallResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import { KeyDeriver } from '../../compiler/key.js';
import { matchAnswers } from '../../execution/request/answers.js';
import type { ExecuteOptions, ResumeOptions } from '../../execution/request/execute-options.js';
import type { NexusRuntime, RuntimeInner } from '../../runtime/nexus-runtime.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import { renderReason } from '../../support/render-reason.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { joined } from '../test-result.js';
import type { RecordedSegment, Recording } from './recording.js';
import type { RecordingFiles } from './recording-files.js';
import { beginRecording, type RecordingStart, recordedHandler } from './recording-start.js';

const SEEDS = 2 ** 32;

/** Executes handlers on a runtime and records everything that is needed to repeat them. */
export class Recorder {
  readonly #runtime: NexusRuntime;
  readonly #inner: RuntimeInner;
  readonly #files: RecordingFiles;
  readonly #onlyFailures: boolean;
  readonly #keys: KeyDeriver;
  /** Suspended runs, by id. */
  readonly #waiting = new Map<string, Recording>();
  readonly #writing = new Set<Promise<void>>();

  constructor(runtime: NexusRuntime, files: RecordingFiles, onlyFailures: boolean) {
    this.#runtime = runtime;
    this.#inner = runtime.inner;
    this.#files = files;
    this.#onlyFailures = onlyFailures;
    this.#keys = new KeyDeriver(this.#inner.engine);
  }

  async execute(
    code: string | Uint8Array,
    context: WasmContext = {},
    given: number | ExecuteOptions = {},
  ): Promise<WasmResult> {
    const options = this.#fixed(typeof given === 'number' ? { timeoutMs: given } : given);
    const start = beginRecording(this.#inner, context, options);
    const result =
      typeof code === 'string'
        ? await this.#runtime.executeHandler(code, context, options)
        : await this.#runtime.executeCompiledHandler(code, context, options);
    const segments = [{ nowMs: options.now, answers: [] }];
    const runId = runIdOf(result) ?? this.#inner.environment.newRunId();
    this.#keep(runId, code, options, start, { segments, calls: callsOf(result), outcome: result });
    return result;
  }

  /** Resumes a handler. If its first segment was not recorded, it is not recorded. */
  async resume(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[] = [],
    settings: number | ResumeOptions = {},
  ): Promise<WasmResult> {
    const options = typeof settings === 'number' ? { timeoutMs: settings } : settings;
    const nowMs = options.now ?? this.#inner.environment.now();
    const id = parseSuspensionId(suspensionId);
    let given: readonly CallResult[] | undefined;
    const onAnswers = (all: readonly CallResult[]) => {
      given = all;
    };
    const result = await this.#runtime.resumeAny(suspensionId, answers, { ...options, now: nowMs }, { onAnswers });
    if (id === undefined) return result;
    this.#write(async () => {
      const sofar = this.#waiting.get(id.runId) ?? (await this.#files.find(id.runId));
      // If several callers resume it at the same time, all get the outcome, and one of them records it.
      if (sofar?.segments.length !== id.generation) return;
      const waiting = sofar.calls.filter(({ callId }) => !isAnswered(sofar, callId));
      const segment: RecordedSegment = { nowMs, answers: given ?? matchAnswers(answers, waiting) };
      const calls = [...sofar.calls, ...callsOf(result).filter((call) => !sofar.calls.some(isSame(call)))];
      const segments = [...sofar.segments, segment];
      await this.#put(id.runId, { ...sofar, segments, calls, outcome: joined(sofar.outcome, result) });
    });
    return result;
  }

  async run(code: string | Uint8Array, context: WasmContext = {}, given: RunOptions = {}): Promise<WasmResult> {
    const options = this.#fixed(given);
    const { now: fixed, extensions } = given;
    const start = beginRecording(this.#inner, { extensionRegistry: extensions ?? {}, ...context }, options);
    const segments: RecordedSegment[] = [];
    const calls: ExtensionCall[] = [];
    let nowMs = options.now;
    const { now: _, ...rest } = options;
    const result = await this.#runtime.runProbed(code, context, rest, {
      now: () => {
        nowMs = fixed ?? this.#inner.environment.now();
        return nowMs;
      },
      answer: (call, byExtension) => {
        calls.push(call);
        return byExtension();
      },
      onSegment: (answers) => segments.push({ nowMs, answers }),
    });
    const unmade = callsOf(result).filter((call) => !calls.some(isSame(call)));
    const runId = this.#inner.environment.newRunId();
    this.#keep(runId, code, options, start, { segments, calls: [...calls, ...unmade], outcome: result });
    return result;
  }

  /** Resolves when everything recorded so far is written. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  /** Fixes randomness and time, so that the execution can be repeated. */
  #fixed<T extends ExecuteOptions>(options: T): T & { readonly seed: number; readonly now: number } {
    const { seed = randomInt(SEEDS), now = this.#inner.environment.now() } = options ?? {};
    return { ...options, seed, now };
  }

  #keep(
    runId: string,
    code: string | Uint8Array,
    options: ExecuteOptions,
    start: RecordingStart | undefined,
    rest: Pick<Recording, 'segments' | 'calls' | 'outcome'>,
  ): void {
    if (start === undefined) return;
    this.#write(async () => {
      await this.#put(runId, {
        ...start,
        handler: await recordedHandler(this.#inner, this.#keys, code, options),
        ...rest,
      });
    });
  }

  async #put(runId: string, recording: Recording): Promise<void> {
    const { status } = recording.outcome;
    if (status === 'suspended') this.#waiting.set(runId, recording);
    else this.#waiting.delete(runId);
    if (this.#onlyFailures && status === 'success') {
      await this.#files.remove(runId, recording);
      return;
    }
    if (!(await this.#files.write(runId, recording))) warn('it has values that cannot be written');
  }

  /**
   * In the background: a recording that cannot be written affects no result. One at a time, to keep the
   * order.
   */
  #write(write: () => Promise<void>): void {
    const before = [...this.#writing].at(-1);
    const writing = Promise.resolve(before)
      .then(write)
      .catch((error: unknown) => warn(renderReason(error)))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}

function callsOf({ suspension, unawaitedCalls }: WasmResult): readonly ExtensionCall[] {
  return suspension?.calls ?? unawaitedCalls ?? [];
}

function runIdOf({ suspension }: WasmResult): string | undefined {
  return suspension === undefined ? undefined : parseSuspensionId(suspension.suspensionId)?.runId;
}

function isAnswered({ segments }: Recording, callId: string): boolean {
  return segments.some(({ answers }) => answers.some((answer) => answer.callId === callId));
}

function isSame({ callId }: ExtensionCall): (call: ExtensionCall) => boolean {
  return (call) => call.callId === callId;
}

function warn(reason: string): void {
  process.emitWarning(`An execution was not recorded: ${reason}. It is not affected.`, {
    type: 'NexusWarning',
    code: 'NEXUS_RECORDING',
  });
}
