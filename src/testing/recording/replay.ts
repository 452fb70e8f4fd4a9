import { fileURLToPath } from 'node:url';
import type { LibraryOption, RuntimeOptions } from '../../api/options.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import { invalidArgument } from '../../config/check.js';
import { MAX_TIMER_MS } from '../../config/limits.js';
import { NexusError } from '../../errors/nexus-error.js';
import { checkShape } from '../../execution/request/execute-options.js';
import { readBoundedFile } from '../../support/files/bounded-file.js';
import { type HandlerSource, readHandler, requireCompiled } from '../handler-source.js';
import type { TestRuntime } from '../runtime/test-runtime.js';
import type { TestRuntimeOptions } from '../runtime/test-runtime-options.js';
import { showCall, showInLine } from '../show.js';
import { joined, type TestResult, testResult } from '../test-result.js';
import { AnswerBook, recordedAnswers } from './answer-book.js';
import { type Difference, differencesOf } from './differences.js';
import { isCalledOff, type Recording } from './recording.js';
import { decodeRecording, MAX_RECORDING_BYTES } from './recording-codec.js';

/**
 * The machine that runs tests may be slower than the one that recorded, so the timeout of a replay is at
 * least this.
 */
const LEAST_TIMEOUT_MS = 5_000;

/** Options of `replay`. */
export interface ReplayOptions {
  /** The current handler: code, or a file, by the same rule as `runHandler`. Default: the recorded handler */
  readonly code?: string | URL;
  /** The runtime for the replay. Default: a test runtime with the recorded limits */
  readonly runtime?: TestRuntime;
  /** The libraries of the recorded runtime, if no `runtime` is given. @default none */
  readonly libraries?: Readonly<Record<string, LibraryOption>>;
}

/** The result of a replay. */
export interface Replay {
  /** The recorded outcome. */
  readonly recorded: TestResult;
  /** The outcome of the replay. */
  readonly replayed: TestResult;
  /** The differences in status, return value, effects, calls and error. Times and sizes are not compared. */
  readonly differences: readonly Difference[];
  /** Further information: another version of the engine, answers that were not used. */
  readonly notes: readonly string[];
  /** Whether there are no differences. */
  readonly same: boolean;
  /** All of this as readable text. */
  readonly report: string;
}

export async function replayRecording(
  file: string | URL,
  options: ReplayOptions,
  create: (options: TestRuntimeOptions) => Promise<TestRuntime>,
): Promise<Replay> {
  checkShape('options', options, { code: true, runtime: true, libraries: true });
  const name = nameOf(file);
  const recording = await decodeRecording(await read(file, name), name);
  const { runtime, libraries, code } = options;
  const source = code === undefined ? undefined : await readHandler(code);
  if (runtime === undefined) requireLibraries(recording, libraries ?? {}, name);
  const own = runtime ?? (await create(runtimeOptions(recording, libraries)));
  try {
    const attempt = await repeat(own, recording, source ?? { code: recording.handler.source });
    if (source !== undefined) requireCompiled(source, attempt.result.error);
    return compare(name, recording, attempt, { engine: own.inner.engine, isChanged: source !== undefined });
  } finally {
    if (runtime === undefined) await own.shutdown();
  }
}

/** The outcome of the repetition, with unused data. */
interface Attempt {
  readonly result: WasmResult;
  readonly calls: readonly ExtensionCall[];
  readonly unused: readonly ExtensionCall[];
  /** Calls without an answer for which the recorded handler did not wait in the end. */
  readonly unanswered: readonly ExtensionCall[];
}

async function repeat(
  runtime: TestRuntime,
  recording: Recording,
  { code, filename = recording.handler.filename }: HandlerSource,
): Promise<Attempt> {
  const { seed, segments, limits, toJSON, onLogOverflow, localeSettings, entry, sourceOptions } = recording;
  const { extensionRegistry, ...rest } = recording.context;
  // A changed handler may make other calls: it then waits for their answers, and the replay reports that.
  const isChanged = code !== recording.handler.source;
  const context = { ...rest, ...(!isChanged && extensionRegistry && { extensionRegistry }) };
  const book = new AnswerBook(recording);
  const calls = new Map<string, ExtensionCall>();
  const timeoutMs = timeoutOf(recording);
  const nowOf = (segment: number) => segments[Math.min(segment, segments.length - 1)]?.nowMs ?? recording.recordedAtMs;
  const { timeoutMs: _, memoryLimitBytes: __, stackSizeBytes: ___, ...counted } = limits;
  const options = {
    seed,
    timeoutMs,
    limits: counted,
    filename,
    ...(toJSON !== undefined && { toJSON }),
    ...(onLogOverflow !== undefined && { onLogOverflow }),
    ...localeSettings,
    ...(entry !== undefined && { entry }),
    ...sourceOptions,
  };
  let result = await runtime.executeHandler(code, context, { ...options, now: nowOf(0) });
  let whole = result;
  for (let segment = 1; ; segment++) {
    const waiting = result.suspension?.calls ?? [];
    for (const call of [...waiting, ...(result.unawaitedCalls ?? [])]) calls.set(call.callId, call);
    const answers = book.take(waiting, segment);
    const { suspension } = result;
    const recorded = recordedAnswers(recording, segment, answers);
    const hasOwn = recorded.some(({ callId }) => !calls.has(callId));
    if (suspension === undefined || (answers.length === 0 && !hasOwn)) {
      const unanswered = recording.outcome.status === 'suspended' || isCalledOff(recording.outcome) ? [] : waiting;
      return { result: whole, calls: [...calls.values()], unused: book.unused, unanswered };
    }
    const resumeOptions = { now: nowOf(segment), timeoutMs, ...(toJSON !== undefined && { toJSON }) };
    result = await runtime.resumeAny(suspension.suspensionId, answers, resumeOptions, { recorded });
    whole = joined(whole, result);
  }
}

function compare(
  name: string,
  recording: Recording,
  { result, calls, unused, unanswered }: Attempt,
  { engine, isChanged }: { readonly engine: string; readonly isChanged: boolean },
): Replay {
  const { outcome, context, recordedAtMs } = recording;
  const calledOff = isCalledOff(outcome);
  const recorded = testResult(outcome, context.stateSnapshot, recording.calls);
  const replayed = testResult(result, context.stateSnapshot, calls);
  const shape = { withPlace: !isChanged, withEnd: !calledOff };
  const differences = differencesOf(comparable(recorded, shape), comparable(replayed, shape), '');
  const notes = [
    ...(engine === recording.engine ? [] : [`It was recorded by the engine ${recording.engine}, this is ${engine}.`]),
    ...(calledOff ? [`It was ended from outside (${outcome.error?.message}), which is not repeated.`] : []),
    ...unanswered.map((call) => `The handler waits for ${showCall(call)}, and no answer to it was recorded.`),
    ...unused.map((call) => `The answer that was recorded for ${showCall(call)} was not asked for.`),
  ];
  const same = differences.length === 0;
  const heading = `${name}, recorded ${new Date(recordedAtMs).toISOString()}: ${same ? 'the same' : countOf(differences)}`;
  const lines = differences.map(
    (one) => `  ${one.path}: recorded ${showInLine(one.recorded)}, replayed ${showInLine(one.replayed)}`,
  );
  const report = [heading, ...lines, ...notes.map((note) => `  note: ${note}`)].join('\n');
  return { recorded, replayed, differences, notes, same, report };
}

/** The parts that are equal if a handler does the same. */
function comparable(result: TestResult, { withPlace, withEnd }: { withPlace: boolean; withEnd: boolean }) {
  const { status, returnValue, stateMutations, events, viewCommands, logs, error, calls } = result;
  return {
    ...(withEnd && { status, returnValue }),
    ...(withEnd && error && { error: { code: error.code, message: error.message, ...(withPlace && error.location) } }),
    stateMutations,
    events,
    viewCommands,
    logs,
    calls: calls.map(({ extensionName, method, args }) => ({ extensionName, method, args })),
  };
}

/** The limits that applied, as options of a runtime. */
function runtimeOptions(recording: Recording, libraries: RuntimeOptions['libraries'] = {}): TestRuntimeOptions {
  const { timeoutMs: _, maxContextBytes, maxResultBytes, ...limits } = recording.limits;
  return {
    ...limits,
    // Slightly more than fits the VM is equivalent to any larger value.
    maxContextBytes: Math.min(maxContextBytes, limits.memoryLimitBytes),
    maxResultBytes: Math.min(maxResultBytes, limits.memoryLimitBytes),
    limitCeilings: { maxContextBytes, maxResultBytes },
    libraries,
    cacheDir: false,
    metrics: false,
    inWorker: recording.outcome.error?.context?.['layer'] === 'watchdog',
  };
}

function timeoutOf({ limits: { timeoutMs }, outcome }: Recording): number {
  if (outcome.error?.code === 'TIMEOUT' && !isCalledOff(outcome)) return timeoutMs;
  return Math.min(MAX_TIMER_MS, Math.max(timeoutMs, LEAST_TIMEOUT_MS));
}

/** Without them the handler would fail in a different way. */
function requireLibraries({ libraries }: Recording, given: object, name: string): void {
  const missing = libraries.filter((library) => !Object.hasOwn(given, library));
  if (missing.length === 0) return;
  throw new NexusError(
    'INVALID_ARGUMENT',
    `The recording ${name} was made with the libraries ${missing.join(', ')}: pass them as options.libraries, or a runtime that has them.`,
    { context: { field: 'options.libraries', missing } },
  );
}

async function read(file: string | URL, name: string): Promise<Uint8Array> {
  const refuse = (reason: string, cause?: unknown) =>
    new NexusError('INVALID_ARGUMENT', `The recording ${name} cannot be read: ${reason}.`, {
      context: { field: 'file', file: name },
      ...(cause !== undefined && { cause }),
    });
  try {
    return await readBoundedFile(file, MAX_RECORDING_BYTES);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(code === 'ENOENT' ? 'there is none' : message, error);
  }
}

function nameOf(file: unknown): string {
  if (typeof file === 'string') return file;
  if (file instanceof URL && file.protocol === 'file:') return fileURLToPath(file);
  throw invalidArgument('file', file, 'the path of a recording, or a URL of one');
}

function countOf(differences: readonly Difference[]): string {
  return differences.length === 1 ? '1 difference' : `${differences.length} differences`;
}
