import type { ToolSet } from '../tools/tool-set.js';
import type { Journal } from './journal.js';
import { messageOf } from './tool-calls.js';

/**
 * Undoes the calls of a program that were made, the last one first. One that cannot be undone does not keep the others from it.
 *
 * @param runId of the program
 */
export async function revertCalls(journal: Journal, tools: ToolSet, runId: string): Promise<void> {
  const byKey = new Map(tools.all.map((tool) => [tool.key, tool]));
  const made = journal.calls.filter(({ status }) => status === 'done');
  for (const { callId, tool: key, input, result } of made.reverse()) {
    const { revert } = byKey.get(key) ?? {};
    if (revert === undefined) continue;
    try {
      await revert({ input, result }, { tool: key, runId, callId });
      journal.change(callId, { status: 'reverted' });
    } catch (error) {
      journal.change(callId, { revertError: messageOf(error) });
    }
  }
}
