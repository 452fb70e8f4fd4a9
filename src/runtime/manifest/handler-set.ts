import type { WasmContext } from '../../api/context.js';
import type { ManifestHandler } from '../../api/manifest.js';
import type { EventPayloads, WasmResult } from '../../api/result.js';
import { invalidArgument, requireText } from '../../config/check.js';
import { nearest } from '../../config/nearest.js';
import type { ExecuteOptions } from '../../execution/request/execute-options.js';
import { DEFAULT_ENTRY } from '../../source/forms/entries.js';
import type { RunOptions } from '../run/run-options.js';

const MAX_NAMES_TOLD = 10;

/** Executes a handler of a build. */
export interface HandlerSetCalls {
  execute(name: string, context: WasmContext, options: ExecuteOptions): Promise<WasmResult>;
  run(name: string, context: WasmContext, options: RunOptions): Promise<WasmResult>;
}

/**
 * The handlers of a build, by name. Each artifact is read and checked when its handler is first called.
 *
 * @example
 * const handlers = await runtime.load('out/manifest.json');
 * const result = await handlers.execute('orders/create', { args: { id: 1 }, capabilities: [] });
 */
export class HandlerSet {
  /** What the manifest says of each, by name. */
  readonly handlers: Readonly<Record<string, ManifestHandler>>;
  readonly #calls: HandlerSetCalls;

  /** @internal use `runtime.load` */
  constructor(handlers: Readonly<Record<string, ManifestHandler>>, calls: HandlerSetCalls) {
    this.handlers = handlers;
    this.#calls = calls;
  }

  /** Sorted. */
  get names(): string[] {
    return Object.keys(this.handlers).sort();
  }

  has(name: string): boolean {
    return Object.hasOwn(this.handlers, name);
  }

  /**
   * As `executeHandler`. Arguments and result of the default export are checked with the schema of the handler, unless `options` have
   * `schemas`.
   *
   * @typeParam T of the returned value: the caller's claim
   * @throws NexusError INVALID_ARGUMENT for a name that is not there, INVALID_ARTIFACT, and the errors of `executeHandler`
   */
  execute<T = unknown, Events extends object = EventPayloads>(
    name: string,
    context: WasmContext = {},
    options: ExecuteOptions = {},
  ): Promise<WasmResult<T, Events>> {
    return this.#named(name, () => this.#calls.execute(name, context, this.#withSchema(name, options)));
  }

  /**
   * As `run`, otherwise as {@link execute}.
   *
   * @typeParam T of the returned value: the caller's claim
   */
  run<T = unknown, Events extends object = EventPayloads>(
    name: string,
    context: WasmContext = {},
    options: RunOptions<Events> = {},
  ): Promise<WasmResult<T, Events>> {
    return this.#named(name, () => this.#calls.run(name, context, this.#withSchema(name, options as RunOptions)));
  }

  async #named<T, Events extends object>(
    name: string,
    call: () => Promise<WasmResult>,
  ): Promise<WasmResult<T, Events>> {
    requireText('name', name);
    if (!this.has(name)) throw this.#unknown(name);
    return (await call()) as WasmResult<T, Events>;
  }

  #unknown(name: string): Error {
    const { names } = this;
    const suggestion = nearest(name, names);
    const told = names.length <= MAX_NAMES_TOLD ? names.join(', ') : `${names.length} handlers`;
    const meant = suggestion === undefined ? '' : `; the nearest is ${suggestion}`;
    return invalidArgument('name', name, `a handler of the manifest, which has ${told}${meant}`);
  }

  #withSchema<Options extends ExecuteOptions | RunOptions>(name: string, options: Options): Options {
    const { schema } = this.handlers[name] as ManifestHandler;
    const { schemas, entry = DEFAULT_ENTRY } = options ?? {};
    return schema === undefined || schemas !== undefined || entry !== DEFAULT_ENTRY
      ? options
      : { ...options, schemas: schema };
  }
}
