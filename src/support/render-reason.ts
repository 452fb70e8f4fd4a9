import { inspect } from 'node:util';

/** Any value can be thrown or be the reason of an abort, including one that cannot be converted to a string. */
export function renderReason(reason: unknown): string {
  try {
    const text = reason instanceof Error ? reason.message : reason;
    return typeof text === 'string' ? text : inspect(text, { depth: 1, customInspect: false });
  } catch {
    return 'something that cannot be described';
  }
}
