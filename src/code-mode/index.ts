/**
 * Programs that language models write, on tools that an application owns.
 *
 * @module nexus-runtime/code-mode
 */

export { type AiSdkOutput, type AiSdkTool, aiSdkTool } from './adapters/ai-sdk.js';
export { type AnthropicTool, anthropicTool } from './adapters/anthropic.js';
export {
  type CloudflareExecutor,
  type CloudflareFunctions,
  type CloudflareProvider,
  type CloudflareResult,
  cloudflareExecutor,
} from './adapters/cloudflare.js';
export {
  type MastraProgram,
  type MastraProgramResult,
  type MastraTransport,
  mastraTransport,
} from './adapters/mastra.js';
export type { ProgramInput, ToolSource } from './adapters/model-tools.js';
export { type OpenAiChatTool, type OpenAiTool, openAiChatTool, openAiTool } from './adapters/openai.js';
export type { ProgramSandboxOptions } from './adapters/sandbox.js';
export {
  type TanStackBinding,
  type TanStackExecutionResult,
  type TanStackIsolateConfig,
  type TanStackIsolateContext,
  type TanStackIsolateDriver,
  tanStackDriver,
} from './adapters/tanstack.js';
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
