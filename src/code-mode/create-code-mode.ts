import type { CodeModeOptions } from './options.js';
import { checkOptions } from './options.js';
import { type CodeMode, Programs } from './programs.js';
import { ToolSet } from './tools/tool-set.js';

/**
 * Lets a language model write programs that call tools of an application. The programs run in the VM of a runtime, without access to anything
 * else; every call is checked outside of it.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option or the tool, and what is wrong with it
 *
 * @example
 * const codeMode = createCodeMode({
 *   runtime,
 *   tools: {
 *     'github.createIssue': {
 *       description: 'Creates an issue.',
 *       inputSchema: z.object({ title: z.string() }),
 *       needsApproval: true,
 *       execute: ({ title }, { callId }) => github.createIssue(title, { idempotencyKey: callId }),
 *     },
 *   },
 * });
 * const outcome = await codeMode.run("return await tools.github.createIssue({ title: 'Broken link' })");
 * for (const { callId } of await codeMode.pending()) await codeMode.approve(callId);
 * const { text } = await codeMode.resume(outcome.runId);
 */
export function createCodeMode(options: CodeModeOptions): CodeMode {
  const checked = checkOptions(options);
  return new Programs(checked, ToolSet.of(checked.tools));
}
