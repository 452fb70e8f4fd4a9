import type { ProgramTool } from '../program-tool.js';
import { type ProgramInput, parseArguments, type ToolSource, toolOf } from './model-tools.js';

/** OpenAI's interfaces refuse a tool whose description is longer. */
const MAX_DESCRIPTION = 1_024;

/** A function tool of OpenAI's Responses API. */
export interface OpenAiTool {
  readonly type: 'function';
  readonly name: string;
  /** At most 1,024 characters. If the instructions do not fit, pass them as `instructions` of the request. */
  readonly description: string;
  readonly parameters: { [key: string]: unknown };
  readonly strict: true;
  /** Answers an item `function_call` of a response. JSON omits it, so it is not sent with the definition. */
  answer(
    call: { readonly call_id: string; readonly arguments: string },
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ type: 'function_call_output'; call_id: string; output: string }>;
}

/** A function tool of OpenAI's Chat Completions API, and of `runTools` of the package `openai`. */
export interface OpenAiChatTool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    /** At most 1,024 characters. If the instructions do not fit, put them into a system message. */
    readonly description: string;
    readonly parameters: { [key: string]: unknown };
    readonly strict: true;
    /** For `runTools`. */
    readonly parse: (text: string) => ProgramInput;
    /** For `runTools`. */
    readonly function: (input: ProgramInput) => Promise<string>;
  };
  /** Answers one of `tool_calls` of a message. JSON omits it, so it is not sent with the definition. */
  answer(
    call: { readonly id: string; readonly function: { readonly arguments: string } },
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ role: 'tool'; tool_call_id: string; content: string }>;
}

/**
 * The tool of a code mode, or of a session, for OpenAI's Responses API. It needs no package of OpenAI.
 *
 * @throws NexusError INVALID_ARGUMENT
 *
 * @example
 * const tool = openAiTool(codeMode);
 * const response = await client.responses.create({ model, input, instructions: codeMode.instructions, tools: [tool] });
 * for (const item of response.output) if (item.type === 'function_call') input.push(item, await tool.answer(item));
 */
export function openAiTool(codeMode: ToolSource): OpenAiTool {
  const tool = toolOf(codeMode);
  return {
    type: 'function',
    ...definitionOf(tool),
    answer: async ({ call_id, arguments: text }, options) => ({
      type: 'function_call_output',
      call_id,
      output: await tool.execute(parseArguments(text), options),
    }),
  };
}

/**
 * The same for the Chat Completions API.
 *
 * @throws NexusError INVALID_ARGUMENT
 *
 * @example
 * const tool = openAiChatTool(codeMode);
 * const { choices: [{ message }] } = await client.chat.completions.create({ model, messages, tools: [tool] });
 * messages.push(message);
 * for (const call of message.tool_calls ?? []) messages.push(await tool.answer(call));
 */
export function openAiChatTool(codeMode: ToolSource): OpenAiChatTool {
  const tool = toolOf(codeMode);
  return {
    type: 'function',
    function: {
      ...definitionOf(tool),
      parse: parseArguments,
      function: (input) => tool.execute(input),
    },
    answer: async ({ id, function: { arguments: text } }, options) => ({
      role: 'tool',
      tool_call_id: id,
      content: await tool.execute(parseArguments(text), options),
    }),
  };
}

function definitionOf({ name, description, inputSchema }: ProgramTool) {
  return {
    name,
    description: description.length <= MAX_DESCRIPTION ? description : SHORT,
    parameters: { ...inputSchema },
    strict: true as const,
  };
}

/** Enough without the declarations: a program can search for tools and have them described. */
const SHORT = `Runs a program that calls tools, in JavaScript or TypeScript: the body of an async function that does the whole task.
Call tools as \`await tools.name({ … })\`, independent ones together with Promise.all; \`return\` what you need to see, and no more.
The instructions of this conversation declare the tools. Otherwise \`await tools.$search('words')\` finds tools, and \`await tools.$describe('name')\` gives the declaration of one.`;
