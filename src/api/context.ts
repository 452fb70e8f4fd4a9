import type { EncodedValue, JsonText } from './encoded.js';
import type { ExtensionRegistry } from './extension.js';

/**
 * A value, which may contain `json(text)`; or `encoded(bytes)`: what already is MessagePack crosses without being decoded
 * on the way.
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
