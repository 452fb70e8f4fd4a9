import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { CallResult } from '../api/answers.js';
import type { WasmContext } from '../api/context.js';
import type { Extension } from '../api/extension.js';
import type { WasmResult } from '../api/result.js';
import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { callName } from '../execution/own-call-kinds.js';
import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import type { Recording } from '../testing/recording/recording.js';
import { decodeRecording, encodeRecording } from '../testing/recording/recording-codec.js';
import { runCase } from './case/run-case.js';
import { Shelf } from './case/shelf.js';
import { StepViews } from './case/step-view.js';
import { type TestRunner, testCode } from './case/test-code.js';
import { cut, VALUE_BYTES, valueText, WHOLE_BYTES } from './case/texts.js';
import type { EndView, GivenAnswer, Inputs, OpenedRecording, RunEvent, RunRequest } from './contract.js';
import { parsed, valuesOf } from './requests.js';

const SEEDS = 2 ** 32;

/** Runs cases, and keeps what was run. */
export class Workbench {
  readonly #runtime: NexusRuntime;
  readonly #extensions: () => Readonly<Record<string, Extension>>;
  readonly #shelf = new Shelf();

  /** @param extensions those at the time of a run: their file may be edited */
  constructor(runtime: NexusRuntime, extensions: () => Readonly<Record<string, Extension>>) {
    this.#runtime = runtime;
    this.#extensions = extensions;
  }

  /**
   * Runs a handler and tells each step.
   *
   * @throws NexusError for what is wrong with the request, or the source
   */
  async run(request: RunRequest, tell: (event: RunEvent) => void, signal: AbortSignal): Promise<void> {
    const { code, filename, from, isLive = true } = request;
    const before = from && this.#shelf.get(from.recording);
    const context = this.#context(request, before);
    const extensions = this.#extensions();
    const views = new StepViews(context.stateSnapshot as object | undefined, extensions);
    const { result, recording, unused } = await runCase(
      this.#runtime,
      {
        ...{ code, filename, context, isLive },
        seed: before?.seed ?? randomInt(SEEDS),
        ...(before !== undefined && { earlier: { recording: before, segments: from?.segments ?? 1 } }),
        given: (request.answers ?? []).map(answerOf),
      },
      { extensions, signal, onStep: (step) => tell({ kind: 'step', step: views.view(step) }) },
    );
    const told = unused.map((call) => `The recorded answer to ${callName(call)} was not asked for.`);
    tell({
      kind: 'end',
      end: {
        ...endView(result),
        ...(recording !== undefined && { recording: this.#shelf.put(recording) }),
        capabilities: context.capabilities ?? [],
        notes: told,
      },
    });
  }

  /** @throws NexusError INVALID_ARGUMENT if it is damaged, or made by another version */
  async open(bytes: Uint8Array, name: string): Promise<OpenedRecording> {
    const recording = await decodeRecording(bytes, name);
    const { handler, segments, context, recordedAtMs } = recording;
    return {
      recording: this.#shelf.put(recording),
      filename: handler.filename,
      code: handler.source,
      segments: segments.length,
      inputs: inputsOf(context),
      areExact: areExact(context),
      recordedAtMs,
    };
  }

  /** @throws NexusError INVALID_ARGUMENT */
  async save(id: string): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
    const recording = this.#shelf.get(id);
    const bytes = await encodeRecording(recording);
    if (bytes === undefined) {
      throw new NexusError('INVALID_ARGUMENT', 'The run has values that cannot be recorded, or is too large.', {
        context: { field: 'recording' },
      });
    }
    const name = (recording.handler.filename.split('/').at(-1) ?? '').replaceAll(/[^\w.-]+/g, '-').slice(0, 60);
    return { name: `${name.replace(/\.[cm]?[jt]s$/, '') || 'handler'}.nxrec`, bytes };
  }

  /** @throws NexusError INVALID_ARGUMENT if it cannot be written as a test */
  test(id: string, framework: TestRunner, file: string | undefined): string {
    return testCode(this.#shelf.get(id), { framework, file });
  }

  /** What it may do is what it needs, but for what is denied. A recording that is repeated as it was has what it had. */
  #context({ code, filename, inputs, denied = [] }: RunRequest, before: Recording | undefined): WasmContext {
    const isSame = before?.handler.source === code && denied.length === 0;
    const capabilities = isSame
      ? before.context.capabilities
      : this.#inferred(code, filename).filter((one) => !denied.includes(one));
    const granted = { ...(capabilities !== undefined && { capabilities }) };
    if (inputs === undefined && before !== undefined) {
      const { extensionRegistry: _, ...context } = before.context;
      return { ...context, ...granted };
    }
    const { state, ...rest } = valuesOf(inputs ?? { args: '', state: '', scope: '' });
    if (state !== undefined && (typeof state !== 'object' || state === null || Array.isArray(state)))
      throw invalidArgument('state', state, 'an object');
    return { ...rest, ...(state !== undefined && { stateSnapshot: state }), ...granted };
  }

  #inferred(code: string, filename: string): readonly string[] {
    try {
      return this.#runtime.inferCapabilities(code, { filename });
    } catch (error) {
      // The compiler tells what is wrong.
      if (error instanceof NexusError) return [];
      throw error;
    }
  }
}

function answerOf({ callId, success, text }: GivenAnswer): CallResult {
  if (!success) return { callId, success, error: text };
  return { callId, success, value: text.trim() === '' ? undefined : parsed('answer', text) };
}

function endView(result: WasmResult): Omit<EndView, 'recording' | 'capabilities' | 'notes'> {
  const { status, error, metrics } = result;
  const { durationUs, memoryUsedBytes, instructionCount, compilationTimeUs, cacheHit } = metrics;
  const { capability, remedy } = error?.context ?? {};
  return {
    status,
    ...(status === 'success' && { returned: valueText(result.returnValue, WHOLE_BYTES) }),
    ...(error !== undefined && {
      error: {
        code: error.code,
        message: cut(error.message, VALUE_BYTES),
        ...(error.location !== undefined && {
          place: { line: error.location.line, column: error.location.column },
        }),
        ...(error.snippet !== undefined && { snippet: cut(error.snippet) }),
        ...(typeof capability === 'string' && { capability }),
        ...(typeof remedy === 'string' && { remedy: cut(remedy) }),
      },
    }),
    durationUs,
    memoryBytes: memoryUsedBytes,
    instructions: instructionCount,
    ...(!cacheHit && compilationTimeUs !== undefined && { compiledUs: compilationTimeUs }),
  };
}

function inputsOf({ args, stateSnapshot, scope }: WasmContext): Inputs {
  const text = (value: unknown) => (value === undefined ? '' : valueText(value, WHOLE_BYTES));
  return { args: text(args), state: text(stateSnapshot), scope: text(scope) };
}

/** Whether the texts of the inputs say all of them: they are cut, and JSON has no Map. */
function areExact(context: WasmContext): boolean {
  const texts = inputsOf(context);
  return (
    [
      ['args', context.args],
      ['state', context.stateSnapshot],
      ['scope', context.scope],
    ] as const
  ).every(([name, value]) => value === undefined || isDeepStrictEqual(JSON.parse(texts[name]), value));
}
