import { type ProgramInput, parseArguments, type ToolSource, toolOf } from './model-tools.js';

/** A tool of Anthropic's Messages API, and of `toolRunner` of the package `@anthropic-ai/sdk`. */
export interface AnthropicTool {
  readonly name: string;
  readonly description: string;
  readonly input_schema: {
    type: 'object';
    properties: { [key: string]: unknown };
    required: string[];
    additionalProperties: boolean;
  };
  /** For `toolRunner`. */
  readonly run: (
    input: ProgramInput,
    context?: { readonly signal?: AbortSignal | null | undefined },
  ) => Promise<string>;
  /** For `toolRunner`. */
  readonly parse: (content: unknown) => ProgramInput;
  /** Answers a block `tool_use` of a message. JSON omits it, so it is not sent with the definition. */
  answer(
    block: { readonly id: string; readonly input: unknown },
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ type: 'tool_result'; tool_use_id: string; content: string }>;
}

/**
 * The tool of a code mode, or of a session, for Anthropic's Messages API. It needs no package of Anthropic.
 *
 * @throws NexusError INVALID_ARGUMENT
 *
 * @example
 * const tool = anthropicTool(codeMode);
 * const { content } = await client.messages.create({ model, max_tokens: 4096, messages, tools: [tool] });
 * const results = [];
 * for (const block of content) if (block.type === 'tool_use') results.push(await tool.answer(block));
 */
export function anthropicTool(codeMode: ToolSource): AnthropicTool {
  const tool = toolOf(codeMode);
  const { properties, required, ...schema } = tool.inputSchema;
  return {
    name: tool.name,
    description: tool.description,
    input_schema: { ...schema, properties: { ...properties }, required: [...required] },
    run: (input, context) => tool.execute(input, { signal: context?.signal ?? undefined }),
    parse: parseArguments,
    answer: async ({ id, input }, options) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: await tool.execute(parseArguments(input), options),
    }),
  };
}
