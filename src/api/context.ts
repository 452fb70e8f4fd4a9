import type { EncodedValue, JsonText } from './encoded.js';
import type { ExtensionRegistry } from './extension.js';

/**
/**
 * A value, in which any part may be `json(text)` or {@link Prepared}; or `encoded(bytes)`: what already is MessagePack crosses without being
 * decoded on the way.
 */
export type ContextValue = unknown | EncodedValue | JsonText;

/** The input of a handler. Every field is optional. */
export interface WasmContext {
  /** The panel, or any other place of the application for which the handler runs. Reported in errors. */
  readonly panelId?: string;
  /** Reported in errors and, on request, in metrics. */
  readonly handlerName?: string;
  /** The handler's `$state`: a plain object of any type, or `encoded(bytes)` or `json(text)` of one. Default: empty. */
  readonly stateSnapshot?: object;
  /** The handler's `$args`: any value that can be passed, or `encoded(bytes)` or `json(text)` of one. Default: undefined. */
  readonly args?: ContextValue;
  /** The handler's `$scope`: any value that can be passed, or `encoded(bytes)` or `json(text)` of one. Default: undefined. */
  readonly scope?: ContextValue;
  /**
   * The capabilities of the handler, such as `'state:read:*'`: see {@link CapabilityToken}. Any strings, as they
   * come from a file or a database: one that is no capability is INVALID_ARGUMENT. Default: none.
   */
  readonly capabilities?: readonly string[];
  /** The existing extensions. Default: a handler may call any name. */
  readonly extensionRegistry?: ExtensionRegistry;
}

/** Registered, so that a value that another copy of the package prepared is recognised. No JSON has it. */
const PREPARED = Symbol.for('nexus-runtime.prepared');

/**
 * A value that `runtime.prepare` has encoded. It is passed wherever the value itself could be: as `stateSnapshot`, `args` or `scope`, or
 * anywhere inside them. Handlers see the value, fresh in each execution.
 *
 * @example
 * using prices = await runtime.prepare(await loadPrices());
 * await runtime.executeHandler('return $scope.prices[$args.id]', { scope: { prices }, args: { id: 7 } });
 */
export interface Prepared extends Disposable {
  /** @internal a copy of the value */
  readonly [PREPARED]: () => unknown;
  /** Size of the encoded value, in bytes. It counts towards `maxPreparedBytes`. */
  readonly bytes: number;
  /** SHA-256 of the encoded value, in hex: the same for values that are encoded alike. */
  readonly hash: string;
  /** Lets go of it. Calls that have begun, and suspended handlers, keep what they need; another call with it is refused. */
  dispose(): void;
}

/** What `runtime.prepare` takes besides the value. */
export interface PrepareOptions {
  /** Whether an object with a method `toJSON` counts as what that returns, see `toJSON` of a call. @default false */
  readonly toJSON?: boolean;
}

/** Whether any copy of the package has prepared it. */
export function isPrepared(value: unknown): value is Prepared {
  return typeof value === 'object' && value !== null && PREPARED in value;
}

let isAny = false;

/** Whether this process has prepared anything: to look for it in values is not free. */
export function hasPrepared(): boolean {
  return isAny;
}

/**
 * A copy of the value that was prepared.
 *
 * @throws NexusError SERIALIZATION_ERROR if it was disposed
 */
export function valueOfPrepared(prepared: Prepared): unknown {
  return prepared[PREPARED]();
}

/** What {@link isPrepared} looks for. */
export abstract class PreparedMark {
  readonly #value: () => unknown;

  constructor(value: () => unknown) {
    isAny = true;
    this.#value = value;
  }

  get [PREPARED](): () => unknown {
    return this.#value;
  }
}
