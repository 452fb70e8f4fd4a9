import type { LogEntry } from '../api/result.js';
import { NexusError } from '../errors/nexus-error.js';
import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import { requireOptions } from './kit.js';
import { sandboxScript } from './sandbox-scripts.js';

export interface EvaluateOptions {
  /**
   * What scripts find as globals: values, which are copied, functions, which are called on the host and return promises in the script, and a
   * `console`, which is given what the script logs. @default {}
   */
  readonly sandbox?: Readonly<Record<string, unknown>>;
  /** Default: the runtime's `timeoutMs`. */
  readonly timeoutMs?: number;
  /** As `ExecuteOptions.filename`. @default 'handler.js' */
  readonly filename?: string;
}

/** The extension of the functions in a sandbox. */
const EXTENSION = 'sandbox';

/**
 * Evaluates a script as `new VM({ sandbox, timeout }).run(code)` of vm2 and `runInNewContext` of `node:vm` do, but returns a promise. What the
 * codemod writes; new code calls `executeHandler` or `run`, whose results have effects, logs and metrics.
 *
 * @example const price = await evaluateScript(runtime, 'base * (await rate("EUR"))', { sandbox: { base: 5, rate: async (c) => 1.1 } });
 *
 * @returns the value of the last expression
 * @throws NexusError with the code of the failure, EXECUTION_ERROR or TIMEOUT for example, and `location` and `snippet` in its context;
 *   INVALID_ARGUMENT, and what `run` rejects with
 */
export async function evaluateScript<T = unknown>(
  runtime: Pick<NexusRuntime, 'run'>,
  code: string,
  options: EvaluateOptions = {},
): Promise<T> {
  requireOptions('options', options, ['sandbox', 'timeoutMs', 'filename']);
  const { sandbox = {}, timeoutMs, filename } = options;
  requireOptions('options.sandbox', sandbox, Object.keys(sandbox));
  const { console: output, ...rest } = sandbox;
  const names = Object.keys(rest);
  const functions = Object.fromEntries(
    names.flatMap((name) => (typeof rest[name] === 'function' ? [[name, rest[name]]] : [])),
  );
  const globals = names.filter((name) => !(name in functions));
  const targets = Object.fromEntries(Object.keys(functions).map((name) => [name, `${EXTENSION}.${name}`]));
  const kit = sandboxScript({ globals, functions: targets });
  const values = Object.fromEntries(globals.map((name) => [name, rest[name]]));
  const result = await runtime.run(code, kit.context(values), {
    ...kit.options,
    extensions: { [EXTENSION]: functions },
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(filename !== undefined && { filename }),
  });
  forward(result.logs, output);
  if (result.status === 'success') return result.returnValue as T;
  const { code: reason, message, context, location, snippet } = result.error as NonNullable<typeof result.error>;
  throw new NexusError(reason, message, { context: { ...context, location, snippet } });
}

function forward(logs: readonly LogEntry[], output: unknown): void {
  if (typeof output !== 'object' || output === null) return;
  const methods = output as Readonly<Record<string, unknown>>;
  for (const { level, message } of logs) {
    const method = methods[level] ?? methods['log'];
    if (typeof method === 'function') method.call(output, message);
  }
}
