import type { ErrorCause, LogEntry, SegmentEffects, WasmError, WasmResult } from '../../api/result.js';
import { toJson } from '../../execution/result/to-json.js';
import { printable, type Style, type Terminal } from '../terminal.js';

const MAX_VALUE_BYTES = 4 * 1024;
const MAX_RETURN_BYTES = 16 * 1024 * 1024;
const LOG_STYLES: Readonly<Record<LogEntry['level'], Style>> = {
  debug: 'dim',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
};

/** A line of the log of a handler, on stderr. */
export function showLog(terminal: Terminal, { level, message }: LogEntry): void {
  terminal.note(`${terminal.noteStyle(LOG_STYLES[level], level)} ${printable(message)}`);
}

/** The effects of a handler but its log, a line each, on stderr. */
export function showEffects(terminal: Terminal, { stateMutations, events, viewCommands }: SegmentEffects): void {
  const tell = (kind: string, text: string) => terminal.note(`${terminal.noteStyle('dim', kind)} ${printable(text)}`);
  for (const { operation, key, value } of stateMutations) {
    tell('state', operation === 'delete' ? `delete ${key}` : `${key} = ${valueText(value)}`);
  }
  for (const { name, payload } of events) tell('event', `${name} ${valueText(payload)}`);
  for (const { type, componentId, args } of viewCommands)
    tell('view', `${type} ${componentId ?? ''} ${valueText(args)}`);
}

/** The end of a handler: its value on stdout, or its error on stderr. */
export function showEnd(terminal: Terminal, result: WasmResult): void {
  if (result.status === 'success') {
    if (result.returnValue !== undefined)
      terminal.out(printable(toJson(result.returnValue, { maxBytes: MAX_RETURN_BYTES })));
  } else if (result.status === 'error') showError(terminal, result.error);
}

/** An error of a handler with its place, its snippet, its causes, and what the operator can do. */
export function showError(
  terminal: Terminal,
  error: Pick<WasmError, 'code' | 'message' | 'location' | 'snippet' | 'context' | 'cause' | 'name'>,
): void {
  const { code, message, name, location, snippet, context } = error;
  const place =
    location === undefined
      ? ''
      : ` ${terminal.noteStyle('dim', `at ${location.file ?? ''}:${location.line}:${location.column}`.replace('at :', 'at '))}`;
  const named =
    name === undefined || name === 'Error' || name === code || message.startsWith(`${name}:`) ? '' : `${name}: `;
  terminal.note(`${terminal.noteStyle('red', code)} ${printable(`${named}${message}`)}${place}`);
  if (snippet !== undefined) terminal.note(printable(snippet));
  for (let cause: ErrorCause | undefined = error.cause; cause !== undefined; cause = cause.cause) {
    terminal.note(`  caused by ${printable(`${cause.name ?? 'Error'}: ${cause.message}`)}`);
  }
  const { capability, remedy } = context ?? {};
  if (typeof capability === 'string')
    terminal.note(`${terminal.noteStyle('bold', 'hint')} allow it with --allow ${printable(capability)}`);
  else if (typeof remedy === 'string') terminal.note(`${terminal.noteStyle('bold', 'hint')} ${printable(remedy)}`);
}

function valueText(value: unknown): string {
  return toJson(value, { maxBytes: MAX_VALUE_BYTES });
}
