import type { CodeModeOutcome } from '../outcome/outcome.js';
import type { ProgramTool } from '../program-tool.js';
import type { CodeMode } from '../programs.js';
import { type ProgramInput, type ToolSource, toolOf } from './model-tools.js';

/** What the tool gives to the application, as a part of a message. The model is told its `text` alone. */
export type AiSdkOutput = Pick<CodeModeOutcome, 'text' | 'status'> & {
  readonly runId?: string;
  /** Calls that wait for a decision: `approve` and `reject` of the code mode take their `callId`. */
  readonly pending?: readonly { readonly callId: string; readonly tool: string; readonly input: unknown }[];
};

/** A tool of the AI SDK (`ai`, from version 5). */
export interface AiSdkTool {
  readonly type?: undefined;
  readonly description: string;
  // biome-ignore lint/suspicious/noExplicitAny: versions of `ai` mark their schemas by a symbol that a type cannot name.
  readonly inputSchema: any;
  readonly execute: (
    input: ProgramInput,
    options?: { readonly abortSignal?: AbortSignal | undefined },
  ) => Promise<AiSdkOutput>;
  // biome-ignore lint/suspicious/noExplicitAny: version 5 passes the output, later ones an object with it.
  readonly toModelOutput: (given: any) => { type: 'text'; value: string };
}

/** How the AI SDK knows a schema of its own. */
const AI_SCHEMA = Symbol.for('vercel.ai.schema');

/**
 * The tool of a code mode, or of a session, for `generateText`, `streamText` and agents of the AI SDK. It needs no package of it.
 *
 * The model is told `text`; the application finds `runId` and `pending` in the output of the tool. Once the calls are decided, `resume(runId)` gives
 * the text to go on with.
 *
 * @throws NexusError INVALID_ARGUMENT
 *
 * @example
 * await generateText({ model, prompt, tools: { run_program: aiSdkTool(codeMode) }, stopWhen: stepCountIs(10) });
 */
export function aiSdkTool(codeMode: ToolSource & Pick<CodeMode, 'run'>): AiSdkTool {
  const tool = toolOf(codeMode);
  return {
    description: tool.description,
    inputSchema: inputSchemaOf(tool),
    async execute(input, { abortSignal } = {}) {
      const code = (input as Partial<ProgramInput> | undefined)?.code;
      if (typeof code !== 'string' || code.trim() === '') {
        return { status: 'refused', text: await tool.execute({ code: '' }) };
      }
      const { text, status, runId, pending } = await codeMode.run(
        code,
        abortSignal === undefined ? {} : { signal: abortSignal },
      );
      const waiting = pending.map(({ callId, tool: name, input: given }) => ({ callId, tool: name, input: given }));
      return { text, status, runId, ...(waiting.length > 0 && { pending: waiting }) };
    },
    toModelOutput(given: AiSdkOutput | { readonly output: AiSdkOutput }) {
      return { type: 'text', value: ('output' in given ? given.output : given).text };
    },
  };
}

/** A schema of the AI SDK, and a Standard Schema with its JSON Schema: versions differ in which they take. */
function inputSchemaOf({ inputSchema }: ProgramTool): object {
  const check = (value: unknown) =>
    typeof (value as Partial<ProgramInput> | null | undefined)?.code === 'string'
      ? { value: { code: (value as ProgramInput).code } }
      : { issues: [{ message: 'code must be the text of a program', path: ['code'] }] };
  const validate = (value: unknown) => {
    const { issues, value: checked } = check(value) as ReturnType<typeof check> & { issues?: [{ message: string }] };
    return issues === undefined
      ? { success: true, value: checked }
      : { success: false, error: new TypeError(issues[0].message) };
  };
  const jsonSchema = { input: () => inputSchema, output: () => inputSchema };
  return {
    [AI_SCHEMA]: true,
    _type: undefined,
    jsonSchema: inputSchema,
    validate,
    '~standard': { version: 1, vendor: 'nexus-runtime', validate: check, jsonSchema },
  };
}
