import type { CallResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { Extension } from '../../api/extension.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import { KeyDeriver } from '../../compiler/key.js';
import { toTransferableAnswer } from '../../execution/request/transferable-answer.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { performance, systemTime } from '../../support/timers.js';
import { AnswerBook, recordedAnswers } from '../../testing/recording/answer-book.js';
import type { RecordedSegment, Recording } from '../../testing/recording/recording.js';
import { beginRecording, recordedHandler } from '../../testing/recording/recording-start.js';
import { joined } from '../../testing/test-result.js';
import { LiveCalls, type TimedAnswer } from './live-calls.js';

/** A handler with its input, and how much of an earlier run is repeated. */
export interface Case {
  readonly code: string;
  readonly filename: string;
  readonly context: WasmContext;
  readonly seed: number;
  /** Its first segments are repeated: the same answers, clock and order. */
  readonly earlier?: { readonly recording: Recording; readonly segments: number };
  /** Answers that were typed in, to calls that wait after that. */
  readonly given: readonly CallResult[];
  /** Whether extensions are called, and timers waited for. */
  readonly isLive: boolean;
}

/** One segment of a run. */
export interface CaseStep {
  readonly index: number;
  readonly nowMs: number;
  /** Since the start of the run. */
  readonly atMs: number;
  readonly answers: readonly TimedAnswer[];
  readonly isRepeated: boolean;
  readonly result: WasmResult;
  /** All calls so far, by id. */
  readonly calls: ReadonlyMap<string, ExtensionCall>;
}

export interface CaseEnd {
  /** All segments together. */
  readonly result: WasmResult;
  /** Undefined if it was refused before it began. */
  readonly recording: Recording | undefined;
  /** Answers of the earlier run that the handler did not ask for. */
  readonly unused: readonly ExtensionCall[];
}

export interface CaseOptions {
  readonly extensions: Readonly<Record<string, Extension>>;
  readonly signal: AbortSignal;
  readonly onStep: (step: CaseStep) => void;
}

/** What a person who looks at a page waits for. */
const MAX_LIVE_MS = 120_000;
const MAX_SEGMENTS = 1_000;

/**
 * Runs a handler segment by segment, and records it. Segments of an earlier run are repeated from its recording, which takes as long as they
 * compute; from there on extensions are called.
 *
 * @throws NexusError what `executeHandler` throws
 */
export async function runCase(
  runtime: NexusRuntime,
  given: Case,
  { extensions, signal, onStep }: CaseOptions,
): Promise<CaseEnd> {
  const { code, filename, context, seed, earlier } = given;
  const { recording: before } = earlier ?? {};
  const startedAt = performance.now();
  const since = () => performance.now() - startedAt;
  const nowOf = (segment: number) =>
    (segment < (earlier?.segments ?? 0) ? before?.segments[segment]?.nowMs : undefined) ?? systemTime();
  const settings = {
    ...(before?.toJSON !== undefined && { toJSON: before.toJSON }),
    ...(before?.onLogOverflow !== undefined && { onLogOverflow: before.onLogOverflow }),
    ...(before?.entry !== undefined && { entry: before.entry }),
    ...before?.localeSettings,
    ...before?.sourceOptions,
  };
  const options = { ...settings, filename, seed, now: nowOf(0), signal, suspensions: true };
  const start = beginRecording(runtime.inner, context, options);
  const book = before && new AnswerBook(before);
  const live = new LiveCalls(extensions, given.given, signal, since);
  const calls = new Map<string, ExtensionCall>();
  const segments: RecordedSegment[] = [{ nowMs: options.now, answers: [] }];
  let result = await runtime.executeHandler(code, context, options);
  let whole = result;
  let isLive = earlier === undefined || earlier.segments < 1;
  const tell = (index: number, atMs: number, answers: readonly TimedAnswer[]) => {
    for (const call of [...(result.suspension?.calls ?? []), ...(result.unawaitedCalls ?? [])])
      if (!calls.has(call.callId)) calls.set(call.callId, call);
    const nowMs = segments.at(-1)?.nowMs ?? options.now;
    onStep({ index, nowMs, atMs, answers, isRepeated: !isLive, result, calls });
  };
  tell(0, 0, []);
  try {
    for (let index = 1; result.suspension !== undefined && index < MAX_SEGMENTS; index++) {
      const { suspensionId, calls: waiting, wakeAt } = result.suspension;
      const repeated = before && !isLive && index < (earlier?.segments ?? 0) ? book?.take(waiting, index) : undefined;
      const recorded = before && repeated && recordedAnswers(before, index, repeated);
      if (recorded === undefined || recorded.length === 0) isLive = true;
      const answered = isLive
        ? await live.next(waiting, wakeAt?.getTime(), given.isLive && since() < MAX_LIVE_MS)
        : asRecorded(repeated ?? []);
      if (answered === undefined) break;
      const nowMs = nowOf(index);
      const atMs = since();
      // An extension may return anything; this is what the handler gets.
      let all: readonly CallResult[] = await Promise.all(
        answered.map(({ answer }) =>
          toTransferableAnswer(answer, runtime.inner.config.limits, { honoursToJson: settings.toJSON === true }),
        ),
      );
      const onAnswers = (given: readonly CallResult[]) => {
        all = given;
      };
      const probe = { onAnswers, ...(recorded !== undefined && !isLive && { recorded }) };
      result = await runtime.resumeAny(suspensionId, all, { ...resumeSettings(settings), now: nowMs, signal }, probe);
      whole = joined(whole, result);
      segments.push({ nowMs, answers: all });
      const known = new Map(answered.map((one) => [one.answer.callId, one]));
      const timed = all.map((answer): TimedAnswer => {
        const one = known.get(answer.callId);
        return one === undefined ? { answer, source: 'runtime' } : { ...one, answer };
      });
      tell(index, atMs, timed);
    }
  } finally {
    live.stop();
    // To go on later, the run is repeated from its recording, so the suspension is not needed.
    if (result.suspension !== undefined) await runtime.cancelSuspension(result.suspension.suspensionId);
  }
  const recording = start && {
    ...start,
    handler: await recordedHandler(runtime.inner, new KeyDeriver(runtime.inner.engine), code, options),
    segments,
    calls: [...calls.values()],
    outcome: whole,
  };
  return { result: whole, recording, unused: isWholeRun(given) ? (book?.unused ?? []) : [] };
}

/** Of a part of a run, what comes after it is not asked for. */
function isWholeRun({ earlier }: Case): boolean {
  return earlier !== undefined && earlier.segments >= earlier.recording.segments.length;
}

function resumeSettings({ toJSON }: { readonly toJSON?: boolean }): { toJSON?: boolean } {
  return toJSON === undefined ? {} : { toJSON };
}

function asRecorded(answers: readonly CallResult[]): TimedAnswer[] {
  return answers.map((answer) => ({ answer, source: 'recorded' }));
}
