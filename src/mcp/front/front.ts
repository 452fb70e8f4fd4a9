import { randomBytes } from 'node:crypto';
import type { CodeModeOutcome } from '../../code-mode/outcome/outcome.js';
import type { CodeMode } from '../../code-mode/programs.js';
import { ToolSet } from '../../code-mode/tools/tool-set.js';
import { cut } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import {
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  McpServer,
  type McpServerFactory,
  type ServerContext,
  type StandardSchemaWithJSON,
} from '../sdk/server.js';
import type { WrappedTools } from '../tools.js';
import { executeDescription, foundText, searchDescription } from './descriptions.js';

/** What the two tools are made of. */
export interface FrontOptions {
  readonly codeMode: CodeMode;
  readonly wrapped: WrappedTools;
  readonly version: string;
  /** For the text of a program that waits, where the client cannot ask its user: how somebody approves its calls. */
  readonly howToApprove: (callIds: readonly string[]) => string;
}

/** Under it, a client says in each request what it can do. */
const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
/** People take their time. */
const ASK_MS = 600_000;
const MAX_ROUNDS = 50;
const MAX_QUERY = 1_000;
const MAX_SHOWN = 2_000;

interface State {
  readonly runId: string;
  readonly asked: readonly string[];
}

/** Makes servers of MCP with the tools `search` and `execute`, one for each connection or request. */
export function frontFactory({ codeMode, wrapped, version, howToApprove }: FrontOptions): McpServerFactory {
  const tools = ToolSet.of(wrapped.tools).all;
  const { counts, missing } = wrapped;
  const codec = createRequestStateCodec<State>({ key: randomBytes(32), ttlSeconds: 24 * 3_600 });
  const isGone = [...missing].map(([name, why]) => `${name} is not there: ${why}`).join('\n');
  const lost = isGone === '' ? '' : `\n\n${isGone}`;
  const executes = executeDescription(counts);
  const finds = searchDescription(counts);
  const front = new Front(codeMode, codec, howToApprove);
  return () => {
    const server = new McpServer(
      { name: 'nexus-mcp', title: 'Nexus code mode', version },
      {
        instructions: `${executes}${lost}`,
        inputRequired: { maxRounds: MAX_ROUNDS, roundTimeoutMs: ASK_MS },
        requestState: { verify: codec.verify },
      },
    );
    server.registerTool(
      'search',
      {
        description: finds,
        inputSchema: objectSchema({ query: text('Words, or the whole name of a tool') }, ['query']),
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      ({ query }) => {
        if (typeof query !== 'string' || query.length > MAX_QUERY)
          return told(`\`query\` is a text of at most ${MAX_QUERY} characters.`, true);
        return told(`${foundText(query, tools)}${lost}`);
      },
    );
    server.registerTool(
      'execute',
      {
        description: executes,
        inputSchema: objectSchema({
          code: text('The program: JavaScript or TypeScript, without Markdown'),
          resume: text('In place of code: the id of a run that waits'),
        }),
        annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
      },
      (input, context) => front.execute(input, context, server),
    );
    return server;
  };
}

class Front {
  readonly #codeMode: CodeMode;
  readonly #codec: ReturnType<typeof createRequestStateCodec<State>>;
  readonly #howToApprove: FrontOptions['howToApprove'];

  constructor(
    codeMode: CodeMode,
    codec: ReturnType<typeof createRequestStateCodec<State>>,
    howToApprove: FrontOptions['howToApprove'],
  ) {
    this.#codeMode = codeMode;
    this.#codec = codec;
    this.#howToApprove = howToApprove;
  }

  async execute(input: Readonly<Record<string, unknown>>, context: ServerContext, server: McpServer) {
    try {
      const state = context.mcpReq.requestState<State | undefined>();
      const decided = state === undefined ? undefined : await this.#decide(state, context);
      const outcome =
        decided === undefined ? await this.#run(input, context) : await this.#resume(decided.runId, context);
      if (outcome.status !== 'suspended') return told(outcome.text, outcome.status !== 'success');
      if (decided?.isLeft !== true && outcome.pending.length > 0 && canAsk(context, server))
        return await this.#ask(outcome);
      return told(`${outcome.text}\n\n${this.#waitingText(outcome)}`);
    } catch (error) {
      if (error instanceof NexusError) return told(error.message, true);
      throw error;
    }
  }

  async #run({ code, resume }: Readonly<Record<string, unknown>>, context: ServerContext): Promise<CodeModeOutcome> {
    if (typeof resume === 'string' && code === undefined) return this.#resume(resume, context);
    if (typeof code === 'string' && code.trim() !== '' && resume === undefined) {
      return this.#codeMode.run(code, { signal: context.mcpReq.signal });
    }
    throw new NexusError(
      'INVALID_ARGUMENT',
      'execute takes either `code`, the text of a program, or `resume`, the id of a run.',
    );
  }

  #resume(runId: string, { mcpReq }: ServerContext): Promise<CodeModeOutcome> {
    return this.#codeMode.resume(runId, { signal: mcpReq.signal });
  }

  /** Asks the user of the client about each call that waits. */
  async #ask({ runId, pending }: CodeModeOutcome) {
    const inputRequests = Object.fromEntries(
      pending.map(({ callId, tool, input }) => {
        const shown = JSON.stringify(input, null, 2) ?? '';
        const message = `A program wants to call ${tool} with\n${cut(shown, MAX_SHOWN)}`;
        return [callId, inputRequired.elicit({ message, requestedSchema: DECISION })];
      }),
    );
    const asked = pending.map(({ callId }) => callId);
    return inputRequired({ inputRequests, requestState: await this.#codec.mint({ runId, asked }) });
  }

  /** Records what the user decided. A call that was dismissed stays as it is. */
  async #decide(
    { runId, asked }: State,
    { mcpReq }: ServerContext,
  ): Promise<{ readonly runId: string; readonly isLeft: boolean }> {
    let isLeft = false;
    for (const callId of asked) {
      const answer = inputResponse(mcpReq.inputResponses ?? {}, callId);
      if (answer.kind !== 'elicit' || answer.action === 'cancel') {
        isLeft = true;
        continue;
      }
      const { approve, reason } = answer.content ?? {};
      const isApproved = answer.action === 'accept' && approve === true;
      const why = typeof reason === 'string' && reason !== '' ? reason : 'the user declined';
      await (isApproved ? this.#codeMode.approve(callId) : this.#codeMode.reject(callId, why)).catch(unlessDecided);
    }
    return { runId, isLeft };
  }

  #waitingText({ runId, pending }: CodeModeOutcome): string {
    const after = `Then \`execute\` with {"resume":"${runId}"} gives how it went on.`;
    if (pending.length === 0) return after;
    return `${this.#howToApprove(pending.map(({ callId }) => callId))} ${after}`;
  }
}

const DECISION = {
  type: 'object' as const,
  properties: {
    approve: { type: 'boolean' as const, title: 'Make this call' },
    reason: { type: 'string' as const, title: 'Why not', maxLength: 500 },
  },
  required: ['approve'],
};

/** Somebody else was faster, or the run is over: its outcome tells. */
function unlessDecided(error: unknown): void {
  if (error instanceof NexusError && error.code.startsWith('SUSPENSION_')) return;
  throw error;
}

function canAsk({ mcpReq }: ServerContext, { server }: McpServer): boolean {
  const declared = (mcpReq.envelope as Readonly<Record<string, unknown>> | undefined)?.[CLIENT_CAPABILITIES];
  const { elicitation } = (declared ?? server.getClientCapabilities() ?? {}) as {
    elicitation?: Readonly<Record<string, unknown>>;
  };
  // An empty object is forms.
  return elicitation !== undefined && ('form' in elicitation || !('url' in elicitation));
}

function told(message: string, isError = false) {
  return { content: [{ type: 'text' as const, text: message }], ...(isError && { isError }) };
}

function text(description: string) {
  return { type: 'string', description };
}

/** Accepts any object. The tool itself says what is wrong with it, in words for a model. */
function objectSchema(
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = [],
): StandardSchemaWithJSON<Record<string, unknown>> {
  const schema = { type: 'object', properties, required, additionalProperties: false };
  const validate = (value: unknown) =>
    typeof value === 'object' && value !== null
      ? { value: value as Record<string, unknown> }
      : { issues: [{ message: 'it is not an object' }] };
  const jsonSchema = { input: () => schema, output: () => schema };
  return { '~standard': { version: 1 as const, vendor: 'nexus-runtime', validate, jsonSchema } };
}
