import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { jsonCopy } from '../calls/journal.js';
import { linesOf, ProgramSandbox, type ProgramSandboxOptions } from './sandbox.js';

/** What `run` of a `CodeModeTransport` of Mastra is given. */
export interface MastraProgram {
  readonly program: string;
  /** Ids of the tools, which programs call as `external_<id>`. */
  readonly toolIds: readonly string[];
  readonly dispatch: (tool: string, args: unknown) => Promise<unknown>;
  /** In milliseconds. */
  readonly timeout: number;
  readonly abortSignal?: AbortSignal | undefined;
  readonly onExternalCall?: ((tool: string, args: unknown) => void) | undefined;
  readonly onExternalResult?: ((tool: string, durationMs: number, error?: unknown) => void) | undefined;
}

/** `CodeModeToolResult` of Mastra. */
export interface MastraProgramResult {
  success: boolean;
  result?: unknown;
  logs?: string[];
  error?: { message: string; name?: string; line?: number };
}

/** `CodeModeTransport` of Mastra. */
export interface MastraTransport {
  /** The VM is the sandbox. */
  readonly requiresSandbox: false;
  run(program: MastraProgram): Promise<MastraProgramResult>;
}

/**
 * A transport for `createCodeMode` of `@mastra/core/tools`: its programs run in the VM of a runtime, and need no `sandbox`. It needs no package of
 * Mastra.
 *
 * @throws NexusError INVALID_ARGUMENT
 *
 * @example
 * const { tool, instructions } = createCodeMode({ tools: { getTopProducts } }, mastraTransport(runtime));
 */
export function mastraTransport(runtime: NexusRuntime, options?: ProgramSandboxOptions): MastraTransport {
  const sandbox = new ProgramSandbox(runtime, options);
  return { requiresSandbox: false, run: (program) => runProgram(sandbox, program) };
}

async function runProgram(sandbox: ProgramSandbox, given: MastraProgram): Promise<MastraProgramResult> {
  const { program, toolIds, dispatch, timeout, abortSignal } = given;
  const byName = new Map<string, string>();
  for (const id of toolIds) {
    const name = `external_${identifierOf(id)}`;
    const other = byName.get(name);
    if (other !== undefined) {
      throw new Error(`The tools "${other}" and "${id}" would both be ${name} in programs. Rename one.`);
    }
    byName.set(name, id);
  }
  const table = JSON.stringify([...byName]);
  const prologue = `for(const [name,id] of ${table})globalThis[name]=input=>$ext.tools.call(id,input);`;
  const { logs, ...ended } = await sandbox.run({
    ...{ code: program, prologue, timeoutMs: timeout, signal: abortSignal },
    call: async (tool, args) => {
      if (typeof tool !== 'string' || !toolIds.includes(tool)) {
        throw Object.assign(new Error(`Tool "${String(tool)}" is not available in Code Mode`), {
          name: 'NotAllowedError',
        });
      }
      return jsonCopy(await callTool(given, tool, jsonCopy(args)));
    },
  });
  const lines = linesOf(logs);
  if (ended.error === undefined) return { success: true, result: jsonCopy(ended.value), logs: lines };
  const { name, message, line } = ended.error;
  return { success: false, error: { message, name, ...(line !== undefined && { line }) }, logs: lines };

  async function callTool(
    { onExternalCall, onExternalResult }: MastraProgram,
    tool: string,
    args: unknown,
  ): Promise<unknown> {
    const startedAt = Date.now();
    told(() => onExternalCall?.(tool, args));
    try {
      const answer = await dispatch(tool, args);
      told(() => onExternalResult?.(tool, Date.now() - startedAt));
      return answer;
    } catch (error) {
      told(() => onExternalResult?.(tool, Date.now() - startedAt, error));
      throw error;
    }
  }
}

/** As the declarations for the model have it. */
function identifierOf(id: string): string {
  const name = id.replaceAll(/[^\w$]/g, '_');
  return /^[A-Za-z_$]/.test(name) ? name : `_${name}`;
}

/** What traces calls does not disturb them. */
function told(listener: () => void): void {
  try {
    listener();
  } catch {
    // It is the framework's own.
  }
}
