import type { ExtensionCall } from '../api/result.js';
import { NET_EXTENSION, SIGNAL_EXTENSION, TIMER_EXTENSION } from '../guest/abi.js';

/** Whether the runtime itself answers the call: it is no matter of the application's. */
export function isOwnCall({ extensionName }: Pick<ExtensionCall, 'extensionName'>): boolean {
  return extensionName === TIMER_EXTENSION || extensionName === NET_EXTENSION;
}

/** The calls that the application answers. */
export function withoutOwnCalls<T extends Pick<ExtensionCall, 'extensionName'>>(calls: readonly T[]): readonly T[] {
  return calls.some(isOwnCall) ? calls.filter((call) => !isOwnCall(call)) : calls;
}

/** Whether it waits for a signal: in a run that was started, the runtime answers it. */
export function isSignalWait({ extensionName }: Pick<ExtensionCall, 'extensionName'>): boolean {
  return extensionName === SIGNAL_EXTENSION;
}

/** The call as a handler writes it, without arguments. */
export function callName({ extensionName, method }: Pick<ExtensionCall, 'extensionName' | 'method'>): string {
  return isSignalWait({ extensionName }) ? `$signal(${JSON.stringify(method)})` : `$ext.${extensionName}.${method}`;
}
