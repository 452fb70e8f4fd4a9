import { invalidArgument, rejectUnknownKeys, requireText } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import type { KeptRunState } from '../runtime/durable/kept-runs.js';
import { newRunId } from '../support/run-ids.js';
import type { PendingApproval } from './calls/approval.js';
import { instructionsOf } from './instructions.js';
import type { CheckedOptions } from './options.js';
import type { CodeModeOutcome } from './outcome/outcome.js';
import type { Preview } from './program/preview.js';
import { ProgramRunner } from './program/program-runner.js';
import { type ProgramTool, programTool } from './program-tool.js';
import type { SavedProgram } from './session/saved-programs.js';
import { SavedPrograms } from './session/saved-programs.js';
import type { CodeModeSession, SessionData, SessionOptions } from './session/session.js';
import { SessionState } from './session/session-state.js';
import type { Declared } from './tools/declarations.js';
import type { ToolSet, UntypedSchema } from './tools/tool-set.js';

/** Options of one program. */
export interface RunProgramOptions {
  /** The same id again is the same run, once it waits. 1 to 128 of A–Z, a–z, 0–9, `_` and `-`. @default random */
  readonly runId?: string;
  /** Aborting it ends the program with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** What `createCodeMode` returns. */
export interface CodeMode {
  /** For the model: one tool in place of all others. */
  readonly tool: ProgramTool;
  /** What the model is told: rules, and the declarations of the tools. The description of {@link tool} has it, too. */
  readonly instructions: string;
  /** Schemas that have no type that a model could be told: they are `unknown` to it. */
  readonly untyped: readonly UntypedSchema[];
  /**
   * Runs a program until it ends, or waits only for approvals. Faults of the program are an outcome with `status: 'error'`.
   *
   * @throws NexusError INVALID_ARGUMENT, RUN_EXISTS, POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR
   */
  run(code: string, options?: RunProgramOptions): Promise<CodeModeOutcome>;
  /** Lists the calls that wait for a decision, of all runs in the store or of one. */
  pending(filter?: { readonly runId?: string }): Promise<PendingApproval[]>;
  /**
   * Approves a call, which is made by the next {@link resume} of its run. It may be repeated.
   *
   * @returns whether this decided it; false if it was approved before
   * @throws NexusError SUSPENSION_SETTLED if the call was rejected, or is over; SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED, INVALID_ARGUMENT
   */
  approve(callId: string): Promise<boolean>;
  /**
   * Rejects a call: its `await` throws an ApprovalRejectedError with the reason when the run goes on. It may be repeated.
   *
   * @returns whether this decided it; false if it was rejected before
   * @throws NexusError as {@link approve}
   */
  reject(callId: string, reason?: string): Promise<boolean>;
  /**
   * Resumes a run in this process. It makes the approved calls, until the run ends or waits only for approvals. Any process can resume a run.
   * If another process is resuming it, this call waits. For a run that has ended, it returns the same outcome again.
   *
   * @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED, SUSPENSION_INCOMPATIBLE, CANCELLED
   */
  resume(runId: string, options?: { readonly signal?: AbortSignal }): Promise<CodeModeOutcome>;
  /** Cancels a run that waits: a CancelledError is thrown at its `await` by the next {@link resume}. @returns whether it still can be */
  cancel(runId: string): Promise<boolean>;
  /** What a program wants, by its text: nothing of it runs. With the package `typescript`, its types are checked. */
  preview(code: string): Promise<Preview>;
  /** Programs of one conversation, which keep values and programs for later ones. */
  session(options?: SessionOptions): CodeModeSession;
}

const RUN_ID = /^[A-Za-z0-9_-]{1,128}$/;
const CALL_ID = /^([A-Za-z0-9_-]{1,128}):(c[1-9]\d{0,14})$/;
const MAX_REASON = 2_000;
const DEFAULT_MAX_STATE = 100_000;
const NO_PROGRAMS: ReadonlyMap<string, SavedProgram> = new Map();

/** See {@link CodeMode}. */
export class Programs implements CodeMode {
  readonly #options: CheckedOptions;
  readonly #tools: ToolSet;
  readonly #runner: ProgramRunner;
  readonly instructions: string;
  readonly tool: ProgramTool;

  constructor(options: CheckedOptions, tools: ToolSet) {
    this.#options = options;
    this.#tools = tools;
    this.#runner = new ProgramRunner(options, tools);
    this.instructions = this.#instructions(tools.all, false);
    this.tool = programTool(this.instructions, (code, signal) => this.#textOf(this, code, signal));
  }

  get untyped(): readonly UntypedSchema[] {
    return this.#tools.untyped;
  }

  run(code: string, options: RunProgramOptions = {}): Promise<CodeModeOutcome> {
    return this.#run(code, options, undefined, NO_PROGRAMS);
  }

  async resume(runId: string, options: { readonly signal?: AbortSignal } = {}): Promise<CodeModeOutcome> {
    requireRunId(runId);
    return this.#runner.resume(runId, options.signal, undefined, NO_PROGRAMS);
  }

  async pending({ runId }: { readonly runId?: string } = {}): Promise<PendingApproval[]> {
    if (runId !== undefined) requireRunId(runId);
    return this.#options.runtime.keeping(async (runs) => {
      const found: PendingApproval[] = [];
      const add = async (id: string) => {
        const state = await runs.state(id).catch(orNone);
        if (state !== undefined) found.push(...this.#runner.pendingOf(id, state));
      };
      if (runId !== undefined) await add(runId);
      else for await (const id of runs.list(this.#runner.handlerName)) await add(id);
      return found;
    });
  }

  approve(callId: string): Promise<boolean> {
    return this.#decide(callId, 'release');
  }

  async reject(callId: string, reason = 'no reason was given'): Promise<boolean> {
    requireText('reason', reason);
    const message = `The call was rejected: ${reason.slice(0, MAX_REASON)}`;
    return this.#decide(callId, { error: Object.assign(new Error(message), { name: 'ApprovalRejectedError' }) });
  }

  async cancel(runId: string): Promise<boolean> {
    requireRunId(runId);
    return this.#options.runtime.keeping((runs) => runs.cancel(runId));
  }

  async preview(code: string): Promise<Preview> {
    requireText('code', code);
    return this.#runner.preview(code, NO_PROGRAMS);
  }

  session(options: SessionOptions = {}): CodeModeSession {
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', options, 'an object');
    rejectUnknownKeys(options, ['from', 'maxStateCharacters'], 'options.', 'INVALID_ARGUMENT');
    const { from, maxStateCharacters = DEFAULT_MAX_STATE } = options;
    if (!Number.isSafeInteger(maxStateCharacters) || maxStateCharacters < 2) {
      throw invalidArgument('options.maxStateCharacters', maxStateCharacters, 'a whole number from 2');
    }
    const state = new SessionState(maxStateCharacters);
    const saved = new SavedPrograms(this.#tools);
    if (from !== undefined) restore(from, state, saved);
    return this.#sessionOf(state, saved);
  }

  #sessionOf(state: SessionState, saved: SavedPrograms): CodeModeSession {
    const instructions = () =>
      this.#instructions([...this.#tools.all, ...[...saved.all.values()].map(({ declared }) => declared)], true);
    const run = (code: string, options: RunProgramOptions = {}) => this.#run(code, options, state, saved.all);
    const textOf = (code: unknown, signal: AbortSignal | undefined) => this.#textOf({ run }, code, signal);
    return {
      get state() {
        return state.values;
      },
      get saved() {
        return [...saved.all.keys()];
      },
      get instructions() {
        return instructions();
      },
      get tool() {
        return programTool(instructions(), textOf);
      },
      run,
      resume: async (runId, options = {}) => {
        requireRunId(runId);
        return this.#runner.resume(runId, options.signal, state, saved.all);
      },
      preview: async (code) => {
        requireText('code', code);
        return this.#runner.preview(code, saved.all);
      },
      save: (name, code, options) => saved.save(name, code, options),
      toJSON: () => ({ state: state.values, programs: [...saved.all.values()].map(({ record }) => record) }),
    };
  }

  async #run(
    code: string,
    options: RunProgramOptions,
    state: SessionState | undefined,
    saved: ReadonlyMap<string, SavedProgram>,
  ): Promise<CodeModeOutcome> {
    requireText('code', code, 'the text of a program');
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', options, 'an object');
    rejectUnknownKeys(options, ['runId', 'signal'], 'options.', 'INVALID_ARGUMENT');
    const { runId = newRunId(), signal } = options;
    requireRunId(runId);
    return this.#runner.run(code, { runId, isNew: options.runId === undefined, signal, state, saved });
  }

  #instructions(tools: readonly Declared[], hasSession: boolean): string {
    const { declarations, approval } = this.#options;
    return instructionsOf(tools, declarations, { hasApproval: approval !== undefined, hasSession });
  }

  async #decide(callId: string, decision: 'release' | { readonly error: unknown }): Promise<boolean> {
    const [, runId, number] = (typeof callId === 'string' ? CALL_ID.exec(callId) : null) ?? [];
    if (runId === undefined || number === undefined) {
      throw invalidArgument('callId', callId, 'the callId of an item of pending()');
    }
    return this.#options.runtime.keeping((runs) => runs.decide(runId, number, decision));
  }

  /** What a model is told, whatever happens to its program. */
  async #textOf({ run }: Pick<CodeMode, 'run'>, code: unknown, signal: AbortSignal | undefined): Promise<string> {
    if (typeof code !== 'string' || code.trim() === '') {
      return 'The program was not run: `code` must be the text of a program.';
    }
    return (await run.call(this, code, signal === undefined ? {} : { signal })).text;
  }
}

function restore(from: SessionData, state: SessionState, saved: SavedPrograms): void {
  if (typeof from !== 'object' || from === null || !Array.isArray(from.programs)) {
    throw invalidArgument('options.from', from, 'what toJSON() of a session gave');
  }
  state.replace(from.state);
  for (const { name, code, description, inputSchema, outputSchema } of from.programs) {
    saved.save(name, code, {
      inputSchema,
      ...(description !== undefined && { description }),
      ...(outputSchema !== undefined && { outputSchema }),
    });
  }
}

/** A run may end or expire while others are listed, or not be of this engine. */
function orNone(error: unknown): KeptRunState | undefined {
  if (error instanceof NexusError && error.code.startsWith('SUSPENSION_')) return undefined;
  throw error;
}

function requireRunId(runId: unknown): asserts runId is string {
  if (typeof runId === 'string' && RUN_ID.test(runId)) return;
  throw invalidArgument('runId', runId, '1 to 128 of A-Z, a-z, 0-9, _ and -');
}
