/**
 * Programs that language models write, on tools that an application owns.
 *
 * @module nexus-runtime/code-mode
 */

export type { Approval, ApprovalDecision, CallToDecide, PendingApproval } from './calls/approval.js';
export type { CallRecord } from './calls/journal.js';
export { createCodeMode } from './create-code-mode.js';
export type { CodeModeLimits, CodeModeOptions, PolicyDecision } from './options.js';
export type { CodeModeOutcome } from './outcome/outcome.js';
export type { Preview, PreviewedCall, PreviewProblem } from './program/preview.js';
export type { ProgramTool } from './program-tool.js';
export type { CodeMode, RunProgramOptions } from './programs.js';
export type { SavedProgramRecord, SaveOptions } from './session/saved-programs.js';
export type { CodeModeSession, SessionData, SessionOptions } from './session/session.js';
export type { Tool, ToolCallInfo, Tools } from './tools/tool.js';
export type { UntypedSchema } from './tools/tool-set.js';
