import type { CapabilityToken } from './capability.js';
import type { EncodedValue } from './encoded.js';
import type { ExtensionRegistry } from './extension.js';

/** A value, or `encoded(bytes)`: what already is MessagePack crosses without being decoded on the way. */
export type ContextValue = unknown | EncodedValue;

/** What a handler is given. Every field is optional. */
export interface WasmContext {
  /** The panel, or whatever else the application calls the place this runs for. Reported in errors. */
  readonly panelId?: string;
  /** Reported in errors and, on request, in metrics. */
  readonly handlerName?: string;
  /** The handler's `$state`: a plain object, or `encoded(bytes)` of one. Default: empty. */
  readonly stateSnapshot?: Readonly<Record<string, unknown>> | EncodedValue;
  /** The handler's `$args`: any value that can cross, or `encoded(bytes)` of one. Bytes are bytes. Default: undefined. */
  readonly args?: ContextValue;
  /** The handler's `$scope`: any value that can cross, or `encoded(bytes)` of one. Bytes are bytes. Default: undefined. */
  readonly scope?: ContextValue;
  /** What the handler may do. Default: nothing. */
  readonly capabilities?: readonly CapabilityToken[];
  /** Which extensions there are. Default: any name can be called. */
  readonly extensionRegistry?: ExtensionRegistry;
}
