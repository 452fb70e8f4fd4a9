import type { ContextValue, WasmContext } from '../api/context.js';
import type { ExecutionLimits, LogOverflow } from '../api/limits.js';
import type { SourceOptions } from '../api/source-options.js';
import { invalidArgument } from '../config/check.js';
import { checkShape, type ExecuteOptions } from '../execution/request/execute-options.js';
import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import { milliseconds } from './clock.js';
import type { FetchMock } from './fetch-mock.js';
import type { HandlerSource } from './handler-source.js';
import type { ExtensionMocks } from './mocks.js';

/** The input of a handler in a test. Every option is optional. */
export interface HandlerOptions extends SourceOptions {
  /** Its `$state`. @default {} */
  readonly state?: object;
  /** The same as `state`, under the name that a runtime gives it. */
  readonly stateSnapshot?: object;
  /** Its `$args`. @default undefined */
  readonly args?: ContextValue;
  /** Its `$scope`. @default undefined */
  readonly scope?: ContextValue;
  /**
   * The mocks that answer its calls of `$ext.<extension>.<method>(…)`: functions, or `answers([…])`. @default
   * none
   */
  readonly ext?: ExtensionMocks;
  /**
   * Answers its requests of `fetch`, in place of the network. Default: the `network` of the test runtime, if it has that option
   *
   * @example { fetch: async (request) => Response.json({ url: request.url }) }
   */
  readonly fetch?: FetchMock;
  /**
   * Its exact capabilities; or `'inferred'`: those that `inferCapabilities` reads off its source, as an
   * installation would grant them. **By default a handler in a test may do everything**, unlike in
   * production, where it may do nothing without a grant. @default all
   */
  readonly capabilities?: readonly string[] | 'inferred';
  /** Limits lower than those of the test runtime. @default the limits of the test runtime */
  readonly limits?: Partial<Omit<ExecutionLimits, 'timeoutMs'>>;
  /** Time in the VM, in milliseconds, for each segment. Default: that of the test runtime */
  readonly timeoutMs?: number;
  /** The time that it sees, throughout. Default: that of the test runtime's clock, which a mock may move */
  readonly now?: number | Date;
  /** The seed of its random numbers. Default: that of the test runtime */
  readonly seed?: number;
  /** As `ExecuteOptions.toJSON`. @default false */
  readonly toJSON?: boolean;
  /** As `ExecuteOptions.locale`. @default 'en-US' */
  readonly locale?: string;
  /** As `ExecuteOptions.timeZone`. @default 'UTC' */
  readonly timeZone?: string;
  /** As `ExecuteOptions.onLogOverflow`. @default 'cut' */
  readonly onLogOverflow?: LogOverflow;
  /** Reported in errors. @default none */
  readonly handlerName?: string;
  /** Reported in errors. @default none */
  readonly panelId?: string;
  /** File name in stack traces. Default: that of the file, or `'handler.js'` */
  readonly filename?: string;
  /** As `ExecuteOptions.entry`: the export of a module that is called. Default: the default export */
  readonly entry?: string;
}

const OPTION_KEYS: { readonly [K in keyof Required<HandlerOptions>]: true } = {
  state: true,
  stateSnapshot: true,
  args: true,
  scope: true,
  ext: true,
  fetch: true,
  capabilities: true,
  limits: true,
  timeoutMs: true,
  now: true,
  seed: true,
  toJSON: true,
  onLogOverflow: true,
  locale: true,
  timeZone: true,
  handlerName: true,
  panelId: true,
  filename: true,
  entry: true,
  wrap: true,
  returnLastExpression: true,
  normalise: true,
};

/** All capabilities: a test of capabilities passes its own. */
export const ALL_CAPABILITIES: readonly string[] = [
  'state:read:*',
  'state:write:*',
  'events:emit:*',
  'view:update:*',
  'ext:*',
  'timer',
  'net:*',
  'signal:*',
];

/** A handler's options in the form that the runtime takes. */
export interface PreparedHandler {
  readonly context: WasmContext;
  readonly options: ExecuteOptions;
}

/** @throws NexusError INVALID_ARGUMENT naming the option; COMPILATION_ERROR if nothing can be inferred from it */
export function prepareHandler(
  given: HandlerOptions,
  source: HandlerSource,
  runtime: Pick<NexusRuntime, 'inferCapabilities'>,
): PreparedHandler {
  checkShape('options', given, OPTION_KEYS);
  const {
    stateSnapshot,
    state = stateSnapshot,
    capabilities: granted = ALL_CAPABILITIES,
    ext: _,
    fetch: __,
    now,
    limits,
    timeoutMs,
    seed,
    ...rest
  } = given;
  const { args, scope, handlerName, panelId, toJSON, onLogOverflow, entry, wrap, returnLastExpression, normalise } =
    rest;
  const sourceOptions: SourceOptions = {
    ...(wrap !== undefined && { wrap }),
    ...(returnLastExpression !== undefined && { returnLastExpression }),
    ...(normalise !== undefined && { normalise }),
  };
  if (given.state !== undefined && stateSnapshot !== undefined) {
    throw invalidArgument('options.stateSnapshot', stateSnapshot, 'absent where there is options.state');
  }
  const name = given.filename ?? source.filename;
  const capabilities =
    granted === 'inferred'
      ? runtime.inferCapabilities(source.code, { ...sourceOptions, ...(name !== undefined && { filename: name }) })
      : granted;
  return {
    context: {
      ...(state !== undefined && { stateSnapshot: state }),
      args,
      scope,
      capabilities,
      ...(handlerName !== undefined && { handlerName }),
      ...(panelId !== undefined && { panelId }),
    },
    options: {
      ...(now !== undefined && { now: milliseconds('now', now) }),
      ...(limits !== undefined && { limits }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(seed !== undefined && { seed }),
      ...(toJSON !== undefined && { toJSON }),
      ...(onLogOverflow !== undefined && { onLogOverflow }),
      ...(given.locale !== undefined && { locale: given.locale }),
      ...(given.timeZone !== undefined && { timeZone: given.timeZone }),
      ...(name !== undefined && { filename: name }),
      ...(entry !== undefined && { entry }),
      ...sourceOptions,
    },
  };
}
