import type { ExtensionCall, WasmError, WasmResult } from '../../api/result.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { KeptRunState } from '../../runtime/durable/kept-runs.js';
import type { RunNotes } from '../../runtime/durable/session/session-parts.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import type { PendingApproval } from '../calls/approval.js';
import { Journal } from '../calls/journal.js';
import { revertCalls } from '../calls/revert.js';
import { messageOf, TOOLS_EXTENSION, toolsExtension } from '../calls/tool-calls.js';
import type { CheckedOptions } from '../options.js';
import type { CodeModeOutcome } from '../outcome/outcome.js';
import { errorText, refusedText, successText, suspendedText, type TextParts } from '../outcome/text.js';
import type { SavedProgram } from '../session/saved-programs.js';
import type { SessionState } from '../session/session-state.js';
import { declare } from '../tools/declarations.js';
import type { ToolSet } from '../tools/tool-set.js';
import { type Preview, previewProgram } from './preview.js';
import { prologueOf } from './prologue.js';
import { inItsLanguage } from './read-program.js';
import { checkTypes } from './type-check.js';

/** How one program is run. */
export interface ProgramRun {
  readonly runId: string;
  /** Whether its id was made for it. */
  readonly isNew: boolean;
  readonly signal: AbortSignal | undefined;
  readonly state: SessionState | undefined;
  readonly saved: ReadonlyMap<string, SavedProgram>;
}

/** Name of the event in a recorded result under which the journal of the run is. */
const JOURNAL_EVENT = 'journal';
const HANDLER_NAME = 'code-mode';

/** Runs programs: looks at them, executes them, and says what came of it. */
export class ProgramRunner {
  readonly #options: CheckedOptions;
  readonly #tools: ToolSet;
  readonly #byKey: ReadonlyMap<string, string>;
  /** Under which runs are listed. */
  readonly handlerName = HANDLER_NAME;

  constructor(options: CheckedOptions, tools: ToolSet) {
    this.#options = options;
    this.#tools = tools;
    this.#byKey = new Map(tools.all.map(({ key, path }) => [key, path]));
  }

  async preview(code: string, saved: ReadonlyMap<string, SavedProgram>): Promise<Preview> {
    const preview = this.#preview(code, saved);
    if (preview.problems.length > 0) return preview;
    const problems = await checkTypes(code, this.#declarations(saved)).catch(orUntyped);
    return { ...preview, problems };
  }

  /** @throws NexusError */
  async run(code: string, given: ProgramRun): Promise<CodeModeOutcome> {
    const { runtime } = this.#options;
    const { runId, isNew, signal, saved, state } = given;
    const journal = new Journal();
    const refused = await this.#judge(code, given, journal);
    if (refused !== undefined) return refused;
    const execute = (filename: string) =>
      runtime.keeping((runs) => {
        const { text, capabilities } = prologueOf(this.#tools.paths, saved, state !== undefined);
        const { maxCalls, timeoutMs } = this.#options.limits;
        const options: RunOptions = { ...this.#runOptions(given, journal), filename, wrap: { prologue: text } };
        const stateSnapshot = state === undefined ? {} : { stateSnapshot: { ...state.values } };
        return runs.run(
          {
            ...{ runId, code, options, maxCalls, notes: notesOf(journal) },
            context: { handlerName: HANDLER_NAME, capabilities, ...stateSnapshot },
            ...(timeoutMs !== undefined && { timeoutMs }),
          },
          isNew,
        );
      });
    let result = await inItsLanguage(code, execute);
    if (result === 'exists') return this.resume(runId, signal, state, saved);
    journal.log(result.logs);
    const stateError = this.#applyState(result, state);
    if (stateError !== undefined) result = failed(result, stateError);
    if (result.status === 'error') await this.#revert(runId, journal, result);
    if (result.status === 'suspended') return this.#suspended(runId, journal, saved);
    return this.#ended(runId, journal, result, saved);
  }

  /** @throws NexusError */
  async resume(
    runId: string,
    signal: AbortSignal | undefined,
    session: SessionState | undefined,
    saved: ReadonlyMap<string, SavedProgram>,
  ): Promise<CodeModeOutcome> {
    const { runtime, limits, onLog } = this.#options;
    const journal = new Journal();
    let stateError: WasmError | undefined;
    const { result } = await runtime.keeping((runs) =>
      runs.drive(runId, {
        extensions: { [TOOLS_EXTENSION]: this.#extension(runId, journal, saved) },
        callTimeoutMs: limits.callTimeoutMs,
        notes: notesOf(journal),
        signal,
        onEffects: ({ logs, stateMutations }) => {
          for (const entry of logs) told(() => onLog?.(entry, { runId }));
          stateError ??= this.#applyState({ stateMutations }, session);
        },
        onEnd: async (ended) => {
          if (ended.status === 'error') await this.#revert(runId, journal, ended);
        },
      }),
    );
    if (result === undefined) return this.#suspended(runId, journal, saved);
    const kept = result.events.find(({ name }) => name === JOURNAL_EVENT)?.payload;
    if (typeof kept === 'string') journal.read(kept);
    return this.#ended(runId, journal, stateError === undefined ? result : failed(result, stateError), saved);
  }

  /** The calls of a run that wait for a decision. */
  pendingOf(runId: string, { undecided, expiresAt }: KeptRunState): PendingApproval[] {
    return undecided.filter(isToolCall).map(({ callId, args }) => {
      const [path, input] = args;
      const tool = this.#tools.get(String(path))?.key ?? String(path);
      return { runId, callId: `${runId}:${callId}`, tool, input, expiresAt };
    });
  }

  /** Has the program looked at, before anything of it runs. */
  async #judge(code: string, { runId, saved }: ProgramRun, journal: Journal): Promise<CodeModeOutcome | undefined> {
    const { policy, typeCheck } = this.#options;
    if (policy === undefined && !typeCheck) return undefined;
    const refusal = (text: string): CodeModeOutcome => ({
      runId,
      status: 'refused',
      logs: [],
      calls: [],
      pending: [],
      text,
    });
    const preview = this.#preview(code, saved);
    // What does not compile is told by running it.
    if (preview.problems.length > 0) return undefined;
    if (typeCheck) {
      const problems = await checkTypes(code, this.#declarations(saved));
      if (problems.length > 0) return refusal(refusedText('its types are wrong.', problems));
    }
    const decision = await policy?.(preview);
    if (decision === undefined) return undefined;
    if ('refuse' in decision) return refusal(refusedText(String(decision.refuse), []));
    journal.allow(decision.allow.map((key) => this.#byKey.get(key) ?? key));
    return undefined;
  }

  #preview(code: string, saved: ReadonlyMap<string, SavedProgram>): Preview {
    return previewProgram(code, this.#tools, [...saved.keys()], this.#options.approval !== undefined);
  }

  #declarations(saved: ReadonlyMap<string, SavedProgram>): string {
    const all = [...this.#tools.all, ...[...saved.values()].map(({ declared }) => declared)];
    return declare(all, { maxDepth: 8, maxCharacters: Number.POSITIVE_INFINITY }).text;
  }

  #runOptions({ runId, signal, saved }: ProgramRun, journal: Journal): RunOptions {
    const { limits, tenant, onLog } = this.#options;
    const { vm, timeoutMs, deadlineMs, callTimeoutMs, maxCalls } = limits;
    return {
      extensions: { [TOOLS_EXTENSION]: this.#extension(runId, journal, saved) },
      normalise: 'model',
      ...{ deadlineMs, callTimeoutMs, maxCalls, limits: vm },
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(tenant !== undefined && { tenant }),
      ...(signal !== undefined && { signal }),
      ...(onLog !== undefined && { onLog: (entry) => told(() => onLog(entry, { runId })) }),
    };
  }

  #extension(runId: string, journal: Journal, saved: ReadonlyMap<string, SavedProgram>) {
    const { approval, limits, onCall } = this.#options;
    return toolsExtension({
      ...{ runId, saved, approval, journal, tools: this.#tools, maxInputValues: limits.maxInputValues },
      onCall: (call) => told(() => onCall?.(call, { runId })),
    });
  }

  /** @returns why what the program kept cannot be kept */
  #applyState(result: Pick<WasmResult, 'stateMutations'>, state: SessionState | undefined): WasmError | undefined {
    try {
      state?.apply(result.stateMutations);
      return undefined;
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      return { code: 'RESOURCE_LIMIT', message: error.message, context: error.context };
    }
  }

  async #revert(runId: string, journal: Journal, result: WasmResult): Promise<void> {
    const { revert } = this.#options;
    if (revert === false) return;
    const { error } = result;
    const so =
      revert === true ||
      revert({
        runId,
        status: 'error',
        logs: journal.logs,
        calls: journal.calls,
        pending: [],
        ...(error && { error }),
      });
    if (so) await revertCalls(journal, this.#tools, runId);
  }

  async #suspended(
    runId: string,
    journal: Journal,
    saved: ReadonlyMap<string, SavedProgram>,
  ): Promise<CodeModeOutcome> {
    const state = await this.#options.runtime.keeping((runs) => runs.state(runId));
    // What is neither to be decided nor to be made was rejected, and its program knows.
    const open = new Set([...state.undecided, ...state.decided].map(({ callId }) => `${runId}:${callId}`));
    for (const { callId, status } of journal.calls) {
      if (status === 'pending' && !open.has(callId)) journal.change(callId, { status: 'rejected' });
    }
    return {
      ...{ runId, status: 'suspended', logs: journal.logs, calls: journal.calls },
      pending: this.pendingOf(runId, state),
      text: suspendedText(this.#textParts(journal, saved)),
    };
  }

  #ended(
    runId: string,
    journal: Journal,
    result: WasmResult,
    saved: ReadonlyMap<string, SavedProgram>,
  ): CodeModeOutcome {
    settleOpen(journal, result);
    const parts = this.#textParts(journal, saved);
    const common = { runId, logs: journal.logs, calls: journal.calls, pending: [] };
    if (result.status === 'success') {
      return { ...common, status: 'success', result: result.returnValue, text: successText(result.returnValue, parts) };
    }
    const error = result.error ?? { code: 'EXECUTION_ERROR', message: 'The program did not end.' };
    return { ...common, status: 'error', error, text: errorText(error, parts) };
  }

  #textParts({ logs, calls }: Journal, saved: ReadonlyMap<string, SavedProgram>): TextParts {
    return {
      ...{ logs, calls, bounds: this.#options.limits },
      tools: [...this.#tools.all, ...[...saved.values()].map(({ declared }) => declared)],
      pathOf: (key) => this.#byKey.get(key) ?? key,
    };
  }
}

/** A listener that throws does not disturb the program. */
function told(listener: () => unknown): void {
  try {
    listener();
  } catch (error) {
    process.emitWarning(`A listener of a code mode threw: ${messageOf(error)}`, { code: 'NEXUS_CODE_MODE' });
  }
}

/** What is kept with a run. */
function notesOf(journal: Journal): RunNotes {
  return {
    open: (notes) => journal.read(notes),
    write(result) {
      if (result !== undefined) journal.log(result.logs);
      return journal.write();
    },
    // What was kept with the run is gone when it has ended, and its outcome can be asked for again.
    end: (result) => ({ ...result, logs: [], events: [{ name: JOURNAL_EVENT, payload: journal.write() }] }),
  };
}

function isToolCall({ extensionName, method }: ExtensionCall): boolean {
  return extensionName === TOOLS_EXTENSION && method === 'call';
}

function failed({ returnValue: _, suspension: __, ...result }: WasmResult, error: WasmError): WasmResult {
  return { ...result, status: 'error', partial: true, error };
}

/** A call that was rejected, or that nobody waited for, was never made. */
function settleOpen(journal: Journal, result: WasmResult): void {
  for (const { callId, status } of journal.calls) {
    if (status !== 'pending') continue;
    const isOpen = result.unawaitedCalls?.some((call) => callId.endsWith(`:${call.callId}`)) === true;
    journal.change(callId, { status: isOpen ? 'abandoned' : 'rejected' });
  }
}

/** Without TypeScript, types are not checked. */
function orUntyped(error: unknown): [] {
  if (error instanceof NexusError && error.code === 'INVALID_CONFIG') return [];
  throw error;
}
