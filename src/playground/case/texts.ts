import { toJson } from '../../execution/result/to-json.js';
import { showCall } from '../../testing/show.js';

/** Of one value in a list, of the whole state, and of a line. */
export const VALUE_BYTES = 8 * 1024;
export const WHOLE_BYTES = 128 * 1024;
export const LINE_CHARACTERS = 2_000;

/** A value as JSON on lines of its own; `undefined` as a word. It is cut at about so many bytes. */
export function valueText(value: unknown, maxBytes = VALUE_BYTES): string {
  if (value === undefined) return 'undefined';
  const json = toJson(value, { maxBytes });
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    // Nested more deeply than the parser of JSON takes.
    return json;
  }
}

/** A value in a line. */
export function lineText(value: unknown): string {
  return value === undefined ? 'undefined' : cut(toJson(value, { maxBytes: VALUE_BYTES }));
}

export function callText(call: Parameters<typeof showCall>[0]): string {
  return cut(showCall(call).replaceAll(/\n\s*/g, ' '));
}

/** An error that an extension threw, or any value in place of one. */
export function errorText(error: unknown): string {
  if (typeof error === 'string') return cut(error);
  if (typeof error === 'object' && error !== null && 'message' in error) {
    const { name = 'Error', message } = error as { readonly name?: unknown; readonly message: unknown };
    return cut(`${String(name)}: ${String(message)}`);
  }
  return lineText(error);
}

/** Says how much it leaves out. */
export function cut(text: string, most = LINE_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most)}… ${text.length - most} more characters`;
}
