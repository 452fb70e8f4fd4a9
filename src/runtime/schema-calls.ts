import type { WasmContext } from '../api/context.js';
import { encodedBytes, jsonBytes } from '../api/encoded.js';
import type { ErrorResult, WasmError, WasmResult } from '../api/result.js';
import type { CallSchemas, Schema } from '../api/schema.js';
import { invalidArgument, readArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { originOf, withOrigin } from '../execution/origin.js';
import { resolvePrepared } from '../execution/prepared/resolve-prepared.js';
import { checkContext } from '../execution/request/build-request.js';
import { checkShape, type ExecuteOptions } from '../execution/request/execute-options.js';
import { cancelledResult, errorResult } from '../execution/result/result.js';
import type { Telemetry } from '../metrics/telemetry.js';
import { limitContext } from '../protocol/limit-failures.js';
import { renderIssues } from '../schemas/issues.js';
import { checkMaxValues, checkSchema, DEFAULT_MAX_VALUES, type SchemaVerdict, validate } from '../schemas/validate.js';
import { clearTimeout, performance, setTimeout } from '../support/timers.js';
import { abortable, whenAborted } from '../support/waiting.js';

type TimedOptions = Pick<ExecuteOptions, 'deadlineMs' | 'signal'> & { readonly schemas?: CallSchemas };

const SCHEMA_KEYS: { readonly [K in keyof Required<CallSchemas>]: true } = {
  args: true,
  result: true,
  maxValues: true,
};

/** Whether the options of a call have schemas. Other calls pay no more for them than this. */
export function hasSchemas<Options>(options: Options): options is Options & { readonly schemas: CallSchemas } {
  try {
    return typeof options === 'object' && options !== null && 'schemas' in options && options.schemas !== undefined;
  } catch {
    // The call itself tells what is wrong with its options.
    return false;
  }
}

/** Checks the arguments of a call before it is made, and its result afterwards, both within the time of the call. */
export class SchemaCalls {
  readonly #telemetry: Telemetry;
  /** For schemas that answer later, if the call has no deadline of its own. */
  readonly #timeoutMs: number;

  constructor(telemetry: Telemetry, timeoutMs: number) {
    this.#telemetry = telemetry;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes a call under its schemas.
   *
   * @param call gets the arguments as the schema made them, and the options without schemas
   * @throws NexusError INVALID_ARGUMENT if the arguments do not match; errors of the call
   */
  async execute<Options extends TimedOptions>(
    given: WasmContext,
    options: Options,
    call: (context: WasmContext, options: Options) => Promise<WasmResult>,
  ): Promise<WasmResult> {
    const check = this.#begin(options, given);
    const { args } = check.schemas;
    const context = args === undefined ? given : await this.#admit(given, args, check);
    if ('status' in context) return context;
    const { schemas: _, ...rest } = options;
    return this.#deliver(await call(context, check.within(rest as Options)), check);
  }

  /** Resumes a handler under the schema of its result. Its arguments were checked when it was called. */
  async resume<Options extends TimedOptions>(
    options: Options,
    call: (options: Options) => Promise<WasmResult>,
  ): Promise<WasmResult> {
    const check = this.#begin(options, {});
    if (check.schemas.args !== undefined) {
      throw invalidArgument(
        'schemas.args',
        check.schemas.args,
        'undefined: arguments are checked when the handler is called',
      );
    }
    const { schemas: _, ...rest } = options;
    return this.#deliver(await call(check.within(rest as Options)), check);
  }

  #begin(options: TimedOptions, context: WasmContext): CallCheck {
    try {
      return new CallCheck(options, context, this.#timeoutMs);
    } catch (error) {
      this.#telemetry.rejection(error);
      throw error;
    }
  }

  /** @returns the context with what the schema made of its arguments, or how the call ended meanwhile */
  async #admit(context: WasmContext, schema: Schema, check: CallCheck): Promise<WasmContext | ErrorResult> {
    try {
      if (encodedBytes(context.args) !== undefined) throw uncheckable('encoded(…)');
      if (jsonBytes(context.args) !== undefined) throw uncheckable('json(…)');
      const [args] = resolvePrepared([context.args]);
      const verdict = await check.run(schema, args, 'args', undefined);
      if ('status' in verdict) return this.#counted(verdict);
      if (verdict.issues === undefined) return { ...context, args: verdict.value };
      throw invalidArguments(verdict);
    } catch (error) {
      this.#telemetry.rejection(error);
      throw error;
    }
  }

  async #deliver(result: WasmResult, check: CallCheck): Promise<WasmResult> {
    const { result: schema, maxValues = DEFAULT_MAX_VALUES } = check.schemas;
    if (schema === undefined || result.status !== 'success') return result;
    const verdict = await check.run(schema, result.returnValue, 'returnValue', maxValues);
    const { returnValue: _, ...effects } = result;
    if ('status' in verdict) return this.#counted({ ...effects, status: 'error', partial: true, error: verdict.error });
    if (verdict.issues === undefined) return { ...result, returnValue: verdict.value };
    const message = `What the handler returned does not match its schema: ${renderIssues(verdict.issues)}`;
    const facts = { issues: verdict.issues, path: verdict.issues[0]?.path, ...threw(verdict) };
    const error = withOrigin({ code: 'VALIDATION_ERROR', message, context: facts }, check.origin);
    return this.#counted({ ...effects, status: 'error', partial: true, error });
  }

  /** The execution itself is counted as what it was. */
  #counted(result: ErrorResult): ErrorResult {
    this.#telemetry.calledOff(result.error.code);
    return result;
  }
}

/** The schemas and the time of one call. */
class CallCheck {
  readonly schemas: CallSchemas;
  readonly #signal: AbortSignal | undefined;
  readonly #deadlineMs: number | undefined;
  readonly #timeoutMs: number;
  readonly #startedAt = performance.now();
  readonly origin: ReturnType<typeof originOf>;

  /** @throws NexusError INVALID_ARGUMENT */
  constructor({ schemas, signal, deadlineMs }: TimedOptions, context: WasmContext, timeoutMs: number) {
    const given = schemas ?? {};
    checkShape('options.schemas', given, SCHEMA_KEYS);
    // A copy: what is checked is what is used.
    this.schemas = readArgument('options.schemas', () => ({ ...given }));
    const { args, result, maxValues } = this.schemas;
    if (args !== undefined) checkSchema('options.schemas.args', args);
    if (result !== undefined) checkSchema('options.schemas.result', result);
    checkMaxValues('options.schemas.maxValues', maxValues);
    checkContext(context);
    this.origin = originOf(context);
    this.#signal = signal;
    this.#deadlineMs = deadlineMs;
    this.#timeoutMs = timeoutMs;
  }

  /** The options of the call itself, with the time that is left. */
  within<Options extends TimedOptions>(options: Options): Options {
    if (typeof options.deadlineMs !== 'number' || !Number.isFinite(options.deadlineMs)) return options;
    return { ...options, deadlineMs: Math.min(options.deadlineMs, this.#leftMs(options.deadlineMs)) };
  }

  /** Runs a schema: until its verdict, the signal of the call, or the end of its time. */
  async run(
    schema: Schema,
    value: unknown,
    root: string,
    maxValues: number | undefined,
  ): Promise<SchemaVerdict | ErrorResult> {
    const deadlineMs = this.#deadlineMs ?? this.#timeoutMs;
    const stop = new AbortController();
    const release = whenAborted(this.#signal, () => stop.abort());
    const leftMs = this.#deadlineMs === undefined ? deadlineMs : this.#leftMs(deadlineMs);
    const timer = Number.isFinite(leftMs) ? setTimeout(() => stop.abort(), leftMs) : undefined;
    try {
      const verdict = await abortable(() => validate(schema, value, root, maxValues), stop.signal);
      if (verdict !== 'aborted') return verdict;
      if (this.#signal?.aborted) return cancelledResult(this.#signal, this.origin);
      return errorResult(
        lateSchema(root, this.#deadlineMs === undefined ? 'timeoutMs' : 'deadlineMs', deadlineMs),
        this.origin,
      );
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  #leftMs(deadlineMs: number): number {
    return Math.max(1, Math.ceil(deadlineMs - (performance.now() - this.#startedAt)));
  }
}

function lateSchema(root: string, limit: string, value: number): WasmError {
  const message = `The schema of ${root} did not answer within ${limit} (${value} ms).`;
  return { code: 'TIMEOUT', message, context: { ...limitContext(limit, value), layer: 'schema' } };
}

function invalidArguments(
  verdict: SchemaVerdict & { readonly issues: NonNullable<SchemaVerdict['issues']> },
): NexusError {
  const { issues } = verdict;
  const message = `context.args does not match options.schemas.args: ${renderIssues(issues)}`;
  const context = { field: 'context.args', path: issues[0]?.path, issues };
  return new NexusError('INVALID_ARGUMENT', message, { context, ...('cause' in verdict && { cause: verdict.cause }) });
}

function uncheckable(what: string): NexusError {
  return new NexusError(
    'INVALID_ARGUMENT',
    `context.args is ${what}, which options.schemas.args cannot check. Pass the value itself, or leave the schema out.`,
    { context: { field: 'context.args' } },
  );
}

/** What the schema itself threw is for the operator. */
function threw(verdict: SchemaVerdict): { readonly thrown?: string } {
  return 'cause' in verdict && verdict.cause !== undefined ? { thrown: String(verdict.cause).slice(0, 300) } : {};
}
