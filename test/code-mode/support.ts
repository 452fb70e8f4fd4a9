import { z } from 'zod';

import { type CodeMode, type CodeModeOptions, createCodeMode, type Tools } from '#src/code-mode/index.js';
import { createRuntime, type NexusRuntime, type RuntimeOptions } from '#src/index.js';

export const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false } as const;

/** What tools of the tests did, in order. */
export class Made {
  readonly calls: string[] = [];
  /** By call: how often it was made. */
  readonly keys = new Map<string, number>();

  note(what: string, callId: string): void {
    this.calls.push(what);
    this.keys.set(callId, (this.keys.get(callId) ?? 0) + 1);
  }
}

/** Tools of which some need approvals. */
export function payTools(made: Made): Tools {
  return {
    'pay.send': {
      description: 'Sends money.',
      inputSchema: z.object({ to: z.string(), amount: z.number().positive() }),
      outputSchema: z.object({ id: z.string() }),
      needsApproval: true,
      execute: ({ to, amount }: { to: string; amount: number }, { callId }) => {
        made.note(`send ${to} ${amount}`, callId);
        return { id: `p-${to}` };
      },
      revert: ({ input, result }, { callId }) =>
        made.note(`undo ${JSON.stringify([input, result])}`, `${callId} undone`),
    },
    'pay.balance': {
      description: 'The balance of an account.',
      inputSchema: z.object({ of: z.string() }),
      execute: ({ of }: { of: string }, { callId }) => {
        made.note(`balance ${of}`, callId);
        return 100;
      },
    },
    'pay.note': {
      inputSchema: z.object({ text: z.string() }),
      execute: ({ text }: { text: string }, { callId }) => made.note(`note ${text}`, callId),
      revert: ({ input }, { callId }) => made.note(`undo ${JSON.stringify(input)}`, `${callId} undone`),
    },
  };
}

/** A code mode with {@link payTools} on a runtime of its own. */
export async function payMode(
  options: Partial<CodeModeOptions> = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<{ readonly runtime: NexusRuntime; readonly codeMode: CodeMode; readonly made: Made }> {
  const runtime = await createRuntime({ ...OPTIONS, ...runtimeOptions });
  const made = new Made();
  return { runtime, made, codeMode: createCodeMode({ runtime, tools: payTools(made), ...options }) };
}
