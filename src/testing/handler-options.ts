import type { CapabilityToken } from '../api/capability.js';
import type { ContextValue, WasmContext } from '../api/context.js';
import type { EncodedValue } from '../api/encoded.js';
import type { ExecutionLimits, LogOverflow } from '../api/limits.js';
import { checkShape, type ExecuteOptions } from '../execution/request/execute-options.js';
import { milliseconds } from './clock.js';
import type { ExtensionMocks } from './mocks.js';

/** What a handler is given in a test. All of it is optional. */
export interface HandlerOptions {
  /** Its `$state`. @default {} */
  readonly state?: Readonly<Record<string, unknown>> | EncodedValue;
  /** Its `$args`. @default undefined */
  readonly args?: ContextValue;
  /** Its `$scope`. @default undefined */
  readonly scope?: ContextValue;
  /** What answers its calls of `$ext.<extension>.<method>(…)`: functions, or `answers([…])`. @default none */
  readonly ext?: ExtensionMocks;
  /** What it may do: exactly this. @default everything */
  readonly capabilities?: readonly CapabilityToken[];
  /** Limits below those of the test runtime. @default its own */
  readonly limits?: Partial<Omit<ExecutionLimits, 'timeoutMs'>>;
  /** In the VM, in milliseconds, for each part between two suspensions. Default: that of the test runtime */
  readonly timeoutMs?: number;
  /** The time that it sees, from its beginning to its end. Default: that of the test runtime's clock, which a mock may move */
  readonly now?: number | Date;
  /** What it gets as chance. Default: that of the test runtime */
  readonly seed?: number;
  /** As `ExecuteOptions.toJSON`. @default false */
  readonly toJSON?: boolean;
  /** As `ExecuteOptions.onLogOverflow`. @default 'cut' */
  readonly onLogOverflow?: LogOverflow;
  /** Reported in errors. @default none */
  readonly handlerName?: string;
  /** Reported in errors. @default none */
  readonly panelId?: string;
  /** Name in stack traces. Default: that of the file, or `'handler.js'` */
  readonly filename?: string;
}

const OPTION_KEYS: { readonly [K in keyof Required<HandlerOptions>]: true } = {
  state: true,
  args: true,
  scope: true,
  ext: true,
  capabilities: true,
  limits: true,
  timeoutMs: true,
  now: true,
  seed: true,
  toJSON: true,
  onLogOverflow: true,
  handlerName: true,
  panelId: true,
  filename: true,
};

/** Everything: a test that is about capabilities says which. */
export const ALL_CAPABILITIES: readonly CapabilityToken[] = [
  'state:read:*',
  'state:write:*',
  'events:emit:*',
  'view:update:*',
  'ext:*',
];

/** A handler's options in the words of the runtime. */
export interface PreparedHandler {
  readonly context: WasmContext;
  readonly options: ExecuteOptions;
}

/** @throws NexusError INVALID_ARGUMENT naming the option */
export function prepareHandler(given: HandlerOptions, filename: string | undefined): PreparedHandler {
  checkShape('options', given, OPTION_KEYS);
  const { state, capabilities = ALL_CAPABILITIES, ext: _, now, limits, timeoutMs, seed, ...rest } = given;
  const { args, scope, handlerName, panelId, toJSON, onLogOverflow } = rest;
  const name = given.filename ?? filename;
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
      ...(name !== undefined && { filename: name }),
    },
  };
}
