import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { jsonCopy } from '../calls/journal.js';
import { linesOf, ProgramSandbox, type ProgramSandboxOptions } from './sandbox.js';

/** What of a tool of TanStack AI a driver has to know. */
export interface TanStackBinding {
  readonly execute: (args: unknown) => Promise<unknown>;
}

/** `IsolateConfig` of TanStack AI. */
export interface TanStackIsolateConfig {
  readonly bindings: Readonly<Record<string, TanStackBinding>>;
  /** In milliseconds. @default 30,000 */
  readonly timeout?: number;
  /** In MB. It can lower the limit of the runtime. */
  readonly memoryLimit?: number;
}

/** `ExecutionResult` of TanStack AI. */
export interface TanStackExecutionResult<T = unknown> {
  success: boolean;
  value?: T;
  error?: { name: string; message: string; stack?: string; code?: string };
  logs?: string[];
}

/** `IsolateContext` of TanStack AI. */
export interface TanStackIsolateContext {
  /** Each program has a clean VM. */
  execute: <T = unknown>(code: string) => Promise<TanStackExecutionResult<T>>;
  dispose: () => Promise<void>;
}

/** `IsolateDriver` of TanStack AI. */
export interface TanStackIsolateDriver {
  createContext: (config: TanStackIsolateConfig) => Promise<TanStackIsolateContext>;
}

const PREFIXES = { warn: 'WARN: ', error: 'ERROR: ' };
/** After one of these, a context is over, as those of other drivers are. */
const FATAL = new Set(['TIMEOUT', 'MEMORY_LIMIT', 'STACK_OVERFLOW']);
const DISPOSED = { name: 'DisposedError', message: 'The context has been disposed', code: 'DISPOSED' };

/**
 * A driver of isolates for `createCodeMode` of `@tanstack/ai-code-mode`: its programs run in the VM of a runtime. It needs no package of TanStack.
 *
 * @throws NexusError INVALID_ARGUMENT
 *
 * @example
 * const { tools, systemPrompt } = createCodeMode({ driver: tanStackDriver(runtime), tools: [fetchWeather] });
 */
export function tanStackDriver(runtime: NexusRuntime, options?: ProgramSandboxOptions): TanStackIsolateDriver {
  const sandbox = new ProgramSandbox(runtime, options);
  return { createContext: async (config) => contextOf(sandbox, config) };
}

function contextOf(
  sandbox: ProgramSandbox,
  { bindings, timeout, memoryLimit }: TanStackIsolateConfig,
): TanStackIsolateContext {
  const names = Object.keys(bindings);
  const prologue = `for(const name of ${JSON.stringify(names)})globalThis[name]=input=>$ext.tools.call(name,input);`;
  let isDisposed = false;
  // One program after the other, as in a context that has one VM.
  let last: Promise<unknown> = Promise.resolve();
  const run = async (code: string): Promise<TanStackExecutionResult> => {
    if (isDisposed) return { success: false, error: DISPOSED, logs: [] };
    const { logs, ...ended } = await sandbox.run({
      ...{ code, prologue, timeoutMs: timeout },
      ...(memoryLimit !== undefined && { memoryLimitBytes: memoryLimit * 1024 * 1024 }),
      call: async (name, input) => {
        const binding = typeof name === 'string' && Object.hasOwn(bindings, name) ? bindings[name] : undefined;
        if (binding === undefined) throw new TypeError(`${String(name)} is not a function of this program`);
        return jsonCopy(await binding.execute(jsonCopy(input)));
      },
    });
    const lines = linesOf(logs, PREFIXES);
    if (ended.error === undefined) return { success: true, value: jsonCopy(ended.value), logs: lines };
    if (FATAL.has(ended.error.code)) isDisposed = true;
    const { name, message, code: errorCode, stack } = ended.error;
    return {
      success: false,
      error: { name, message, code: errorCode, ...(stack !== undefined && { stack }) },
      logs: lines,
    };
  };
  return {
    execute: <T>(code: string) => {
      const turn = last.then(() => run(code));
      last = turn.catch(() => {});
      return turn as Promise<TanStackExecutionResult<T>>;
    },
    async dispose() {
      await last;
      isDisposed = true;
    },
  };
}
