import type { ExecutionLimits } from '../../api/limits.js';
import type { LogEntry, WasmError } from '../../api/result.js';
import { invalidArgument, type Keys, readArgument, rejectUnknownKeys } from '../../config/check.js';
import { MAX_TIMER_MS, MIN_MEMORY_LIMIT_BYTES } from '../../config/limits.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { requireRuntime } from '../options.js';
import { inItsLanguage } from '../program/read-program.js';

/** Options of the sandboxes for code modes of frameworks. */
export interface ProgramSandboxOptions {
  /** From the start of a program to its end, in milliseconds. Default: that of the framework, or 30,000 */
  readonly timeoutMs?: number;
  /** Calls of functions that a program may make. @default 1,000 */
  readonly maxCalls?: number;
  /** Limits of the VM. Default: those of the runtime; the framework's limit of memory lowers that of the runtime */
  readonly limits?: Partial<Pick<ExecutionLimits, 'memoryLimitBytes' | 'maxInstructions' | 'maxCpuMs'>>;
  /** For whom programs execute. @default none */
  readonly tenant?: string;
}

/** What a framework gives for one program. */
export interface SandboxProgram {
  readonly code: string;
  /** What declares its functions, before it; they call `$ext.tools.call`. */
  readonly prologue: string;
  readonly call: (...args: readonly unknown[]) => Promise<unknown>;
  readonly timeoutMs: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a program ended. */
export type SandboxResult =
  | { readonly value: unknown; readonly error?: undefined; readonly logs: readonly LogEntry[] }
  | { readonly error: SandboxError; readonly logs: readonly LogEntry[] };

export interface SandboxError {
  readonly name: string;
  /** Without the name. */
  readonly message: string;
  readonly code: string;
  readonly line?: number | undefined;
  readonly stack?: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** The granularity of the memory of a VM. */
const PAGE = 64 * 1024;
const KEYS: Keys<ProgramSandboxOptions> = {
  ...{ timeoutMs: true, maxCalls: true, limits: true, tenant: true },
};
const NAMES: Readonly<Record<string, string>> = {
  TIMEOUT: 'TimeoutError',
  MEMORY_LIMIT: 'MemoryLimitError',
  STACK_OVERFLOW: 'StackOverflowError',
  CANCELLED: 'AbortError',
  COMPILATION_ERROR: 'SyntaxError',
};

/** Runs programs of another code mode: its functions are all that they have. */
export class ProgramSandbox {
  readonly #runtime: NexusRuntime;
  readonly #options: ProgramSandboxOptions;

  /** @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed */
  constructor(runtime: NexusRuntime, options: ProgramSandboxOptions = {}) {
    requireRuntime('runtime', runtime);
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', options, 'an object');
    const given = readArgument('options', () => ({ ...options }));
    rejectUnknownKeys(given, Object.keys(KEYS), 'options.', 'INVALID_ARGUMENT');
    const { timeoutMs } = given;
    if (timeoutMs !== undefined && !isTimeout(timeoutMs)) {
      throw invalidArgument('options.timeoutMs', timeoutMs, `a whole number from 1 to ${MAX_TIMER_MS}`);
    }
    this.#runtime = runtime;
    this.#options = given;
  }

  /** Faults of the program, and those of the runtime, are its result: a model is told them. */
  async run(program: SandboxProgram): Promise<SandboxResult> {
    const timeoutMs = this.#timeoutOf(program.timeoutMs);
    try {
      const { error, logs, returnValue } = await inItsLanguage(program.code, (filename) =>
        this.#execute(program, timeoutMs, filename),
      );
      return error === undefined ? { value: returnValue, logs } : { error: errorOf(error, timeoutMs), logs };
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      return { error: { name: error.name, message: error.message, code: error.code }, logs: [] };
    }
  }

  #execute({ code, prologue, call, signal, memoryLimitBytes }: SandboxProgram, timeoutMs: number, filename: string) {
    const { maxCalls, tenant, limits = {} } = this.#options;
    const memory = this.#memoryOf(memoryLimitBytes);
    return this.#runtime.run(
      code,
      { capabilities: ['ext:tools.call', 'timer'] },
      {
        extensions: { tools: { call } },
        ...{ filename, wrap: { prologue }, normalise: 'model' as const, unawaited: 'abandon' as const },
        ...{ timeoutMs, deadlineMs: timeoutMs, callTimeoutMs: timeoutMs },
        limits: { ...(memory !== undefined && { memoryLimitBytes: memory }), ...limits },
        ...(maxCalls !== undefined && { maxCalls }),
        ...(tenant !== undefined && { tenant }),
        ...(signal !== undefined && { signal }),
      },
    );
  }

  #timeoutOf(framework: number | undefined): number {
    const { timeoutMs } = this.#options;
    if (timeoutMs !== undefined) return timeoutMs;
    return framework !== undefined && isTimeout(Math.ceil(framework)) ? Math.ceil(framework) : DEFAULT_TIMEOUT_MS;
  }

  /** A framework has a default for sandboxes of any kind: it cannot be more than the workers have. */
  #memoryOf(given: number | undefined): number | undefined {
    if (given === undefined || !(given > 0)) return undefined;
    const most = this.#runtime.memoryLimitBytes;
    return Math.min(most, Math.max(MIN_MEMORY_LIMIT_BYTES, Math.ceil(given / PAGE) * PAGE));
  }
}

/** Lines as frameworks have them: with a prefix for the levels that are none of `log` and `info`. */
export function linesOf(
  logs: readonly LogEntry[],
  prefixes: Partial<Record<LogEntry['level'], string>> = {},
): string[] {
  return logs.map(({ level, message }) => `${prefixes[level] ?? ''}${message}`);
}

function errorOf(error: WasmError, timeoutMs: number): SandboxError {
  const { code, location, stack } = error;
  const name = NAMES[code] ?? error.name ?? 'Error';
  const message =
    code === 'TIMEOUT'
      ? `Execution timed out after ${timeoutMs} ms: ${error.message}`
      : withoutName(error.message, error.name ?? name);
  const place = { ...(location !== undefined && { line: location.line }), ...(stack !== undefined && { stack }) };
  return {
    name,
    message: code === 'MEMORY_LIMIT' ? `The memory limit was reached: ${message}` : message,
    code,
    ...place,
  };
}

/** Removes a leading `TypeError: `, because the name is a field of its own. */
function withoutName(message: string, name: string): string {
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}

function isTimeout(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_TIMER_MS;
}
