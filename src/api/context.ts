import type { CapabilityToken } from './capability.js';
import type { ExtensionRegistry } from './extension.js';

/** A value, or MessagePack bytes that hold one: what already is encoded crosses without being decoded on the way. */
export type ContextValue = unknown | Uint8Array;

/** What a handler is given. Every field is optional. */
export interface WasmContext {
  /** The panel, or whatever else the application calls the place this runs for. Reported in errors. */
  readonly panelId?: string;
  /** Reported in errors and, on request, in metrics. */
  readonly handlerName?: string;
  /** The handler's `$state`: a plain object, or MessagePack bytes of one. Default: empty. */
  readonly stateSnapshot?: Readonly<Record<string, unknown>> | Uint8Array;
  /** The handler's `$args`: any value that can cross, or MessagePack bytes of one. Default: undefined. */
  readonly args?: ContextValue;
  /** The handler's `$scope`: any value that can cross, or MessagePack bytes of one. Default: undefined. */
  readonly scope?: ContextValue;
  /** What the handler may do. Default: nothing. */
  readonly capabilities?: readonly CapabilityToken[];
  /** Which extensions there are. Default: any name can be called. */
  readonly extensionRegistry?: ExtensionRegistry;
}
