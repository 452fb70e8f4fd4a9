import type { ExtensionCall } from '../api/result.js';
import { NET_EXTENSION, TIMER_EXTENSION } from '../guest/abi.js';

/** Whether the runtime itself answers the call: it is no matter of the application's. */
export function isOwnCall({ extensionName }: Pick<ExtensionCall, 'extensionName'>): boolean {
  return extensionName === TIMER_EXTENSION || extensionName === NET_EXTENSION;
}

/** The calls that the application answers. */
export function withoutOwnCalls<T extends Pick<ExtensionCall, 'extensionName'>>(calls: readonly T[]): readonly T[] {
  return calls.some(isOwnCall) ? calls.filter((call) => !isOwnCall(call)) : calls;
}
