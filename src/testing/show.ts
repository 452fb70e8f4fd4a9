import type { ExtensionCall } from '../api/result.js';
import { callName, isSignalWait } from '../execution/own-call-kinds.js';
import { inspect } from '../guest/inspect/inspect.js';

/** Objects inside of objects; the handler's console shows one level less. */
const DEPTH = 3;
/** Of a value, and of a list of them: a handler may have emitted thousands. */
const MAX_CHARACTERS = 4_000;
const MAX_LISTED = 20;

/** A value as the handler's own `console` writes it: the same code, bounded. It throws for no value. */
export function show(value: unknown): string {
  const text = inspect(value, { depth: DEPTH });
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}

/** {@link show} on one line. A string has no line breaks of its own: they are escaped. */
export function showInLine(value: unknown): string {
  return show(value).replaceAll(/\n\s*/g, ' ');
}

/** The call as it is written in the handler, with its argument values. */
export function showCall(call: Pick<ExtensionCall, 'extensionName' | 'method' | 'args'>): string {
  const { args } = call;
  if (isSignalWait(call)) return callName(call);
  return `${callName(call)}(${args.slice(0, MAX_LISTED).map(show).join(', ')}${args.length > MAX_LISTED ? ', …' : ''})`;
}

/** Items below each other, indented; of many, the first ones and how many more there are. */
export function showList<T>(items: readonly T[], write: (item: T) => string): string {
  const shown = items.slice(0, MAX_LISTED).map((item) => `  ${write(item).replaceAll('\n', '\n  ')}`);
  if (items.length > MAX_LISTED) shown.push(`  … ${items.length - MAX_LISTED} more`);
  return shown.join('\n');
}
