// Our adapters in the frameworks' own packages. What is not installed is left out, and its title says so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import {
  aiSdkTool,
  anthropicTool,
  type CodeMode,
  cloudflareExecutor,
  mastraTransport,
  openAiChatTool,
  openAiTool,
  tanStackDriver,
} from '#src/code-mode/index.js';
import type { NexusRuntime } from '#src/index.js';
import { type Made, payMode } from '../support.js';
import { found, framework, titleOf } from './frameworks.js';

let runtime: NexusRuntime;
let codeMode: CodeMode;
let made: Made;
beforeAll(async () => {
  ({ runtime, codeMode, made } = await payMode());
});
afterAll(() => runtime.shutdown());

const BALANCE = 'return await tools.pay.balance({ of: "ada" })';
const PAY = 'return (await tools.pay.send({ to: "ada", amount: 5 })).id';
// biome-ignore lint/suspicious/noExplicitAny: bodies of requests and answers of services.
type Json = any;

/** A service that answers one request after the other, and notes what it was asked. */
function service(answers: readonly ((body: Json) => Json)[]) {
  const asked: Json[] = [];
  const fetch = async (_: unknown, init: { readonly body: string }) => {
    const body = JSON.parse(init.body);
    const answer = answers[asked.length]?.(body);
    asked.push(body);
    return new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } });
  };
  return { asked, fetch };
}

describe.skipIf(!found('ai'))(titleOf('aiSdkTool in the AI SDK', 'ai'), () => {
  /** A model that asks for a program once, and ends with what it was told. */
  async function talk(code: unknown) {
    const { generateText, stepCountIs, isStepCount } = await framework('ai');
    const test = await framework('ai/test');
    const Model = test.MockLanguageModelV4 ?? test.MockLanguageModelV3 ?? test.MockLanguageModelV2;
    const count = (value: number) => ({ total: value, noCache: value, cacheRead: 0, cacheWrite: 0, text: value });
    const usage = { inputTokens: count(1), outputTokens: count(1), totalTokens: 2 };
    const reason = { unified: 'tool-calls', raw: 'tool-calls' };
    const prompts: Json[] = [];
    const model = new Model({
      doGenerate: async (options: Json) => {
        prompts.push(options);
        const isFirst = prompts.length === 1;
        return {
          content: isFirst
            ? [{ type: 'tool-call', toolCallId: 't1', toolName: 'run_program', input: JSON.stringify({ code }) }]
            : [{ type: 'text', text: 'done' }],
          finishReason: isFirst ? reason : { unified: 'stop', raw: 'stop' },
          usage,
          warnings: [],
        };
      },
    });
    const result = await generateText({
      ...{ model, prompt: 'go', tools: { run_program: aiSdkTool(codeMode) } },
      stopWhen: (stepCountIs ?? isStepCount)(3),
    });
    return { prompts, result };
  }

  it('gives the model the declarations, and the text of the outcome', async () => {
    const { prompts, result } = await talk(BALANCE);
    const [tool] = prompts[0].tools;
    expect(tool.name).toBe('run_program');
    expect(tool.description).toContain('balance(input: { of: string })');
    expect(tool.inputSchema.required).toEqual(['code']);
    const told = prompts[1].prompt.at(-1).content[0].output;
    expect(told).toEqual({ type: 'text', value: 'Result:\n100' });
    expect(result.steps[0].toolResults[0].output).toMatchObject({ status: 'success', text: 'Result:\n100' });
  });

  it('gives the application what waits, and goes on once it is decided', async () => {
    const { result } = await talk(PAY);
    const { output } = result.steps[0].toolResults[0];
    expect(output).toMatchObject({ status: 'suspended', pending: [{ tool: 'pay.send' }] });
    await codeMode.approve(output.pending[0].callId);
    expect((await codeMode.resume(output.runId)).text).toBe('Result:\np-ada');
    expect(JSON.parse(JSON.stringify(output))).toEqual(output);
  });

  it('tells a model that sends something else', async () => {
    const { prompts } = await talk(7);
    expect(JSON.stringify(prompts[1].prompt)).toMatch(/code must be the text of a program/);
    expect(made.calls.filter((call) => call === 'send ada 5')).toHaveLength(1);
  });
});

describe.skipIf(!found('openai'))(titleOf('openAiTool in the package openai', 'openai'), () => {
  async function client(answers: readonly ((body: Json) => Json)[]) {
    const { OpenAI } = await framework('openai');
    const { asked, fetch } = service(answers);
    return { asked, openai: new OpenAI({ apiKey: 'key', baseURL: 'http://service.example/v1', fetch }) };
  }

  it('answers the Responses API', async () => {
    const call = {
      type: 'function_call',
      call_id: 'f1',
      name: 'run_program',
      arguments: JSON.stringify({ code: BALANCE }),
    };
    const { asked, openai } = await client([() => ({ output: [call] }), () => ({ output: [] })]);
    const tool = openAiTool(codeMode);
    const input: Json[] = [{ role: 'user', content: 'go' }];
    const { instructions } = codeMode;
    const response = await openai.responses.create({ model: 'm', input, instructions, tools: [tool] });
    for (const item of response.output) if (item.type === 'function_call') input.push(item, await tool.answer(item));
    await openai.responses.create({ model: 'm', input, tools: [tool] });
    expect(asked[0].tools).toEqual([
      {
        ...{ type: 'function', name: 'run_program', strict: true },
        description: expect.stringContaining('$search'),
        parameters: codeMode.tool.inputSchema,
      },
    ]);
    expect(asked[0].tools[0].description.length).toBeLessThanOrEqual(1_024);
    expect(asked[1].input.at(-1)).toEqual({ type: 'function_call_output', call_id: 'f1', output: 'Result:\n100' });
  });

  it('answers Chat Completions, and is a tool of runTools', async () => {
    const args = JSON.stringify({ code: BALANCE });
    const call = { id: 'c1', type: 'function', function: { name: 'run_program', arguments: args } };
    const first = () => ({ choices: [{ message: { role: 'assistant', content: null, tool_calls: [call] } }] });
    const last = () => ({ choices: [{ message: { role: 'assistant', content: 'done' } }] });
    const { asked, openai } = await client([first, last]);
    const tool = openAiChatTool(codeMode);
    const runner = openai.chat.completions.runTools({
      ...{ model: 'm', messages: [{ role: 'user', content: 'go' }], tools: [tool] },
    });
    expect(await runner.finalContent()).toBe('done');
    const answer = { role: 'tool', tool_call_id: 'c1', content: 'Result:\n100' };
    expect(asked[1].messages.at(-1)).toEqual(answer);
    expect(await tool.answer(call)).toEqual(answer);
    expect(Object.keys(asked[0].tools[0].function).sort()).toEqual(['description', 'name', 'parameters', 'strict']);
  });
});

describe.skipIf(!found('@anthropic-ai/sdk'))(
  titleOf('anthropicTool in the package @anthropic-ai/sdk', '@anthropic-ai/sdk'),
  () => {
    const use = { type: 'tool_use', id: 'u1', name: 'run_program', input: { code: BALANCE } };
    const message = (content: Json, stop_reason: string) => ({
      ...{ id: 'm1', type: 'message', role: 'assistant', model: 'm', content, stop_reason },
      usage: { input_tokens: 1, output_tokens: 1 },
    });
    async function client() {
      const { Anthropic } = await framework('@anthropic-ai/sdk');
      const last = message([{ type: 'text', text: 'done' }], 'end_turn');
      const { asked, fetch } = service([() => message([use], 'tool_use'), () => last]);
      return { asked, anthropic: new Anthropic({ apiKey: 'key', baseURL: 'http://service.example', fetch }) };
    }

    it('answers the Messages API', async () => {
      const { asked, anthropic } = await client();
      const tool = anthropicTool(codeMode);
      const request = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'go' }], tools: [tool] };
      const { content } = await anthropic.messages.create(request);
      const { description, inputSchema: input_schema } = codeMode.tool;
      expect(asked[0].tools).toEqual([{ name: 'run_program', description, input_schema }]);
      expect(await tool.answer(content[0])).toEqual({
        ...{ type: 'tool_result', tool_use_id: 'u1', content: 'Result:\n100' },
      });
    });

    it('is a tool of toolRunner', async () => {
      const { asked, anthropic } = await client();
      const end = await anthropic.beta.messages.toolRunner({
        ...{ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'go' }] },
        tools: [anthropicTool(codeMode)],
      });
      expect(end.content).toEqual([{ type: 'text', text: 'done' }]);
      expect(asked[1].messages.at(-1).content[0]).toMatchObject({ type: 'tool_result', content: 'Result:\n100' });
    });
  },
);

const PRODUCTS = [
  { id: 'p1', sales: 100 },
  { id: 'p2', sales: 300 },
];
const RATED = `const top = await external_getTop({ limit: 2 });
const ratings = await Promise.all(top.map((one: { id: string }) => external_getRating({ id: one.id })));
console.log('rated', ratings.length);
return top.map((one, i) => ({ ...one, rating: ratings[i] }));`;
const RATED_RESULT = [
  { id: 'p1', sales: 100, rating: 4 },
  { id: 'p2', sales: 300, rating: 5 },
];
const getTop = ({ limit }: { limit: number }) => PRODUCTS.slice(0, limit);
const getRating = ({ id }: { id: string }) => (id === 'p2' ? 5 : 4);

describe.skipIf(!found('@tanstack/ai-code-mode'))(
  titleOf('tanStackDriver in TanStack AI', '@tanstack/ai-code-mode'),
  () => {
    async function tool(timeout = 30_000) {
      const { createCodeMode } = await framework('@tanstack/ai-code-mode');
      const { toolDefinition } = await framework('@tanstack/ai');
      const limit = z.object({ limit: z.number() });
      const id = z.object({ id: z.string() });
      const description = 'of the shop';
      return createCodeMode({
        ...{ driver: tanStackDriver(runtime), timeout },
        tools: [
          toolDefinition({ name: 'getTop', description, inputSchema: limit, outputSchema: z.any() }).server(getTop),
          toolDefinition({ name: 'getRating', description, inputSchema: id, outputSchema: z.number() }).server(
            getRating,
          ),
        ],
      }).tool;
    }

    it('runs its programs on its tools', async () => {
      const events: string[] = [];
      const result = await (await tool()).execute(
        { typescriptCode: RATED },
        { emitCustomEvent: (name: string) => events.push(name) },
      );
      expect(result).toMatchObject({ success: true, result: RATED_RESULT, logs: ['rated 2'] });
      expect(events).toContain('code_mode:console');
    });

    it('tells it faults of programs and of tools, and a time-out', async () => {
      const { execute } = await tool(1_500);
      expect(await execute({ typescriptCode: 'throw new RangeError("boom")' })).toMatchObject({
        ...{ success: false, error: { message: 'boom', name: 'RangeError' } },
      });
      expect((await execute({ typescriptCode: 'while (true) {}' })).error.name).toBe('TimeoutError');
    });
  },
);

describe.skipIf(!found('@mastra/core/tools'))(titleOf('mastraTransport in Mastra', '@mastra/core/tools'), () => {
  async function tool(timeout = 30_000) {
    const { createCodeMode, createTool } = await framework('@mastra/core/tools');
    const limit = z.object({ limit: z.number() });
    const id = z.object({ id: z.string() });
    return createCodeMode(
      {
        timeout,
        tools: {
          getTop: createTool({
            id: 'getTop',
            description: 'x',
            inputSchema: limit,
            execute: async (it: Json) => getTop(it),
          }),
          getRating: createTool({
            ...{ id: 'getRating', description: 'x', inputSchema: id },
            execute: async (it: Json) => getRating(it),
          }),
        },
      },
      mastraTransport(runtime),
    ).tool;
  }
  const context = { observe: { span: async (_: string, run: () => unknown) => run(), log: () => {} } };

  it('runs its programs on its tools, without a sandbox', async () => {
    expect(await (await tool()).execute({ code: RATED }, context)).toMatchObject({
      ...{ success: true, result: RATED_RESULT, logs: ['rated 2'] },
    });
  });

  it('tells it faults of programs, inputs that its tools refuse, and a time-out', async () => {
    const { execute } = await tool(1_500);
    const run = (code: string) => execute({ code }, context);
    expect(await run('throw new Error("boom")')).toMatchObject({ success: false, error: { message: 'boom' } });
    expect((await run('return await external_getTop({ limit: "none" })')).error.message).toMatch(/limit|invalid/i);
    expect((await run('return await external_secret({})')).error.message).toMatch(/external_secret/);
    expect((await run('while (true) {}')).error.name).toBe('TimeoutError');
  });
});

describe.skipIf(!found('@cloudflare/codemode/tanstack-ai'))(
  titleOf('cloudflareExecutor in @cloudflare/codemode', '@cloudflare/codemode/tanstack-ai'),
  () => {
    const program = RATED.replaceAll('external_', 'codemode.').replace('(one: { id: string })', '(one)');

    it('runs programs of createCodeTool', async () => {
      const { createCodeTool, tanstackTools } = await framework('@cloudflare/codemode/tanstack-ai');
      const { toolDefinition } = await framework('@tanstack/ai');
      const of = (name: string, inputSchema: unknown, call: unknown) =>
        toolDefinition({ name, description: 'x', inputSchema }).server(call);
      const tool = createCodeTool({
        executor: cloudflareExecutor(runtime),
        tools: [
          tanstackTools([
            of('getTop', z.object({ limit: z.number() }), getTop),
            of('getRating', z.object({ id: z.string() }), getRating),
          ]),
        ],
      });
      expect(await tool.execute({ code: `async () => {\n${program}\n}` })).toEqual({
        ...{ result: RATED_RESULT, logs: ['rated 2'] },
      });
      await expect(tool.execute({ code: 'async () => { throw new Error("boom") }' })).rejects.toThrow(
        'Code execution failed: boom',
      );
    });

    it('runs programs of createBrowserCodeTool', async () => {
      const { createBrowserCodeTool } = await framework('@cloudflare/codemode/browser');
      const inputSchema = { type: 'object', properties: { limit: { type: 'number' } } };
      const tool = createBrowserCodeTool({
        executor: cloudflareExecutor(runtime),
        tools: { 'get-top': { description: 'x', inputSchema, execute: async (it: Json) => getTop(it) } },
      });
      expect((await tool.execute({ code: 'async () => await codemode.get_top({ limit: 1 })' })).result).toEqual([
        PRODUCTS[0],
      ]);
    });
  },
);
