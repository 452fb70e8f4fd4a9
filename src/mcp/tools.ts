import type { Tools } from '../code-mode/tools/tool.js';
import { renderReason } from '../support/render-reason.js';
import type { ApprovalRules, McpConfig, SourceConfig } from './config/mcp-config.js';
import { valueWithoutSecrets, withoutSecrets } from './config/secrets.js';
import { OpenApiSource } from './openapi/openapi-source.js';
import type { Source } from './source.js';
import { keysOf } from './tool-keys.js';
import { WrappedServer } from './wrapped/wrapped-server.js';

/** The tools of all sources. */
export interface WrappedTools {
  readonly tools: Tools;
  /** By source, in the order of the configuration. */
  readonly counts: ReadonlyMap<string, number>;
  /** Sources that are not there, and why. */
  readonly missing: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/**
 * Connects to all servers and reads all documents. What fails is told, and does not keep the others from being served.
 *
 * @throws the first fault if there is nothing left
 */
export async function openTools(config: McpConfig, version: string): Promise<WrappedTools> {
  const opened = await Promise.allSettled(config.sources.map((source) => open(source, version)));
  const sources: Source[] = [];
  const missing = new Map<string, string>();
  for (const [index, outcome] of opened.entries()) {
    const { name } = config.sources[index] as SourceConfig;
    if (outcome.status === 'fulfilled') sources.push(outcome.value);
    else missing.set(name, withoutSecrets(renderReason(outcome.reason), config.secrets));
  }
  const [failed] = opened.filter((one) => one.status === 'rejected');
  if (sources.length === 0 && failed !== undefined) throw failed.reason;
  const notes = sources.flatMap((source) => source.notes);
  const tools = sources.flatMap((source) => {
    const { keys, notes: changed } = keysOf(
      source.name.replaceAll('-', '_'),
      source.tools.map(({ name }) => name),
    );
    notes.push(...changed);
    return source.tools.map((tool, index) => {
      const key = keys[index] as string;
      return [key, toolOf(source, tool, key, config)] as const;
    });
  });
  return {
    tools: Object.fromEntries(tools),
    counts: new Map(sources.map(({ name, tools: own }) => [name.replaceAll('-', '_'), own.length])),
    missing,
    notes: notes.map((note) => withoutSecrets(note, config.secrets)),
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
}

function open(source: SourceConfig, version: string): Promise<Source> {
  return source.kind === 'openapi' ? OpenApiSource.open(source) : WrappedServer.open(source, version);
}

function toolOf(source: Source, tool: Source['tools'][number], key: string, { approve, secrets }: McpConfig) {
  const { name, description, inputSchema, isReadOnly } = tool;
  return {
    description,
    inputSchema,
    // What a server answers is not checked with what it promised: a program may still use it.
    ...(tool.outputSchema !== undefined && { outputSchema: declaredOnly(tool.outputSchema) }),
    needsApproval: needsApproval(key, isReadOnly, approve),
    async execute(input: unknown, { signal }: { readonly signal: AbortSignal }): Promise<unknown> {
      try {
        return valueWithoutSecrets(await source.call(name, input, signal), secrets);
      } catch (error) {
        throw Object.assign(new Error(withoutSecrets(renderReason(error), secrets)), { name: 'ToolError' });
      }
    },
  };
}

/** What does not say that it only reads waits for somebody. Patterns have precedence, and `always` before `never`. */
export function needsApproval(key: string, isReadOnly: boolean, { always, never }: ApprovalRules): boolean {
  if (always.some((pattern) => matches(pattern, key))) return true;
  if (never.some((pattern) => matches(pattern, key))) return false;
  return !isReadOnly;
}

function matches(pattern: string, key: string): boolean {
  const parts = pattern.replaceAll('-', '_').split('*');
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const found = index === 0 ? (key.startsWith(part) ? 0 : -1) : key.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return parts.at(-1) === '' || (parts.length > 1 ? key.endsWith(parts.at(-1) as string) : at === key.length);
}

/** A schema that the model is told, and that accepts everything. */
function declaredOnly(schema: object | boolean) {
  return {
    '~standard': {
      version: 1 as const,
      vendor: 'nexus-runtime',
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => schema, output: () => schema },
    },
  };
}
