import type { CodeModeOutcome } from '../outcome/outcome.js';
import type { Preview } from '../program/preview.js';
import type { ProgramTool } from '../program-tool.js';
import type { SavedProgramRecord, SaveOptions } from './saved-programs.js';

/** A session as data, for `JSON.stringify`. */
export interface SessionData {
  readonly state: Readonly<Record<string, unknown>>;
  readonly programs: readonly SavedProgramRecord[];
}

/** Options of a session. */
export interface SessionOptions {
  /** What a session was, as `toJSON` gave it. @default a new one */
  readonly from?: SessionData;
  /** Of `state` as JSON. @default 100,000 */
  readonly maxStateCharacters?: number;
}

/** Programs of one conversation: what they keep, and what they saved. It is in memory: keep `toJSON()` with the conversation. */
export interface CodeModeSession {
  /** What programs keep under `session.state`. */
  readonly state: Readonly<Record<string, unknown>>;
  /** Names of the saved programs. */
  readonly saved: readonly string[];
  /** Those of the code mode, with the saved programs and `session.state`. */
  readonly instructions: string;
  readonly tool: ProgramTool;
  /** As that of the code mode. Changes of `session.state` are kept, also those of a program that fails later. */
  run(code: string, options?: { readonly runId?: string; readonly signal?: AbortSignal }): Promise<CodeModeOutcome>;
  /** As that of the code mode, for a program of this session. */
  resume(runId: string, options?: { readonly signal?: AbortSignal }): Promise<CodeModeOutcome>;
  preview(code: string): Promise<Preview>;
  /**
   * Saves a program that later ones call as `tools.<name>(input)`. Its calls are those of the program that calls it: the same approvals, limits and
   * log.
   *
   * @throws NexusError INVALID_ARGUMENT, COMPILATION_ERROR with location and snippet, INVALID_HANDLER, RESOURCE_LIMIT
   */
  save(name: string, code: string, options?: SaveOptions): void;
  toJSON(): SessionData;
}
