import type { LogEntry, WasmError } from '../../api/result.js';
import { type CallRecord, plain } from '../calls/journal.js';
import type { PreviewProblem } from '../program/preview.js';
import { type Declared, signatureOf } from '../tools/declarations.js';
import { nearNames } from '../tools/near-names.js';

/** Bounds on what the model is told, in characters. */
export interface TextBounds {
  readonly maxResultCharacters: number;
  readonly maxLogCharacters: number;
}

/** What the text is made of. */
export interface TextParts {
  readonly logs: readonly LogEntry[];
  readonly calls: readonly CallRecord[];
  readonly tools: readonly Declared[];
  readonly bounds: TextBounds;
  /** Paths by key. */
  readonly pathOf: (key: string) => string;
}

const MAX_LISTED = 20;
const MAX_INPUT = 300;
const MAX_MESSAGE = 2_000;
const SHOWN_DEPTH = 4;

/** The text of a program that ended. */
export function successText(result: unknown, { logs, bounds, calls }: TextParts): string {
  return parts([resultText(result, bounds), logText(logs, bounds), revertedText(calls)]);
}

/** The text of a program that failed: what, where, what there is instead, and what is done already. */
export function errorText(error: WasmError, { logs, calls, tools, bounds, pathOf }: TextParts): string {
  const { message, location, snippet, code } = error;
  const at = location === undefined ? '' : ` (line ${location.line}, column ${location.column})`;
  const head = `The program failed: ${cut(message, MAX_MESSAGE)}${at}`;
  return parts([
    head,
    snippet,
    instead(message, calls, tools, pathOf),
    limitAdvice(error),
    code === 'COMPILATION_ERROR' || code === 'INVALID_HANDLER' ? 'Nothing of it has run.' : doneText(calls, pathOf),
    revertedText(calls),
    logText(logs, bounds),
  ]);
}

/** The text of a program that waits. */
export function suspendedText({ logs, calls, bounds, pathOf }: TextParts): string {
  const pending = calls.filter(({ status }) => status === 'pending');
  const list = pending.slice(0, MAX_LISTED).map(({ tool, input }) => `- tools.${pathOf(tool)}(${shown(input)})`);
  const more = pending.length > MAX_LISTED ? [`- and ${pending.length - MAX_LISTED} more`] : [];
  const head =
    pending.length === 0
      ? 'The program waits.'
      : ['The program waits for an approval of:', ...list, ...more].join('\n');
  const advice = 'It goes on from where it is once that is decided. Do not send it again.';
  return parts([head, advice, doneText(calls, pathOf), logText(logs, bounds)]);
}

/** The text of a program that was not run. */
export function refusedText(reason: string, problems: readonly PreviewProblem[]): string {
  const list = problems.slice(0, MAX_LISTED).map(({ message, location, snippet }) => {
    const at = location === undefined ? '' : `line ${location.line}, column ${location.column}: `;
    return `${at}${cut(message, MAX_MESSAGE)}${snippet === undefined ? '' : `\n${snippet}`}`;
  });
  return parts([`The program was not run: ${reason}`, ...list]);
}

function parts(texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined && text !== '').join('\n\n');
}

function resultText(result: unknown, { maxResultCharacters }: TextBounds): string {
  if (result === undefined) return 'The program returned nothing. End it with `return value` to see a value.';
  const text = typeof result === 'string' ? result : jsonOf(result);
  if (text.length <= maxResultCharacters) return `Result:\n${text}`;
  const size = Array.isArray(result) ? `${result.length} items, ` : '';
  const advice = 'Return less: only the fields and items that are needed, or a count.';
  return `Result, the first ${maxResultCharacters} of ${text.length} characters (${size}cut). ${advice}\n${head(text, maxResultCharacters)}`;
}

function logText(logs: readonly LogEntry[], { maxLogCharacters }: TextBounds): string | undefined {
  if (logs.length === 0) return undefined;
  const text = logs
    .map(({ level, message }) => (level === 'info' || level === 'debug' ? message : `[${level}] ${message}`))
    .join('\n');
  if (text.length <= maxLogCharacters) return `Console:\n${text}`;
  return `Console, the last ${maxLogCharacters} of ${text.length} characters:\n${tail(text, maxLogCharacters)}`;
}

/** What was done before it failed, so that the next program does not do it again. */
function doneText(calls: readonly CallRecord[], pathOf: (key: string) => string): string | undefined {
  const done = calls.filter(({ status }) => status === 'done');
  if (done.length === 0) return undefined;
  const counts = new Map<string, number>();
  for (const { tool } of done) counts.set(tool, (counts.get(tool) ?? 0) + 1);
  const list = [...counts]
    .slice(0, MAX_LISTED)
    .map(([tool, count]) => `tools.${pathOf(tool)}${count > 1 ? ` (${count} times)` : ''}`);
  const more = counts.size > MAX_LISTED ? `, and ${counts.size - MAX_LISTED} others` : '';
  return `Calls that were made before: ${list.join(', ')}${more}.`;
}

function revertedText(calls: readonly CallRecord[]): string | undefined {
  const reverted = calls.filter(({ status }) => status === 'reverted').length;
  const failed = calls.filter(({ revertError }) => revertError !== undefined).length;
  if (reverted + failed === 0) return undefined;
  return `${reverted} calls were undone${failed > 0 ? `, and ${failed} could not be` : ''}.`;
}

const TOOL = /\btools((?:\??\.[A-Za-z_$][\w$]*|\[["'][^"'\]]{1,100}["']\])+)/g;
const NOT_A_FUNCTION =
  /\b([A-Za-z_$][\w$]*) is not a function|'?\b([A-Za-z_$][\w$]*)'? is not defined|cannot read propert(?:y|ies)/;

/** What there is in place of what the message names: near tools, and how a tool that was called wrongly is called. */
function instead(
  message: string,
  calls: readonly CallRecord[],
  tools: readonly Declared[],
  pathOf: (key: string) => string,
): string | undefined {
  const paths = tools.map(({ path }) => path);
  const refused = calls.filter(
    ({ status, error }) =>
      status === 'refused' && error !== undefined && message.includes(error.replace(/^\w+: /, '').slice(0, 200)),
  );
  const wrong = new Set<string>();
  for (const { tool } of refused) if (paths.includes(pathOf(tool))) wrong.add(pathOf(tool));
  const near = new Set<string>();
  for (const [, access = ''] of message.slice(0, MAX_MESSAGE).matchAll(TOOL)) {
    const path = access
      .replaceAll(/\??\.|\[["']|["']\]/g, '.')
      .replaceAll(/\.+/g, '.')
      .replace(/^\.|\.$/g, '');
    if (paths.includes(path)) wrong.add(path);
    else if (!path.startsWith('$')) for (const one of nearNames(path, paths)) near.add(one);
  }
  const [, called, missing] = NOT_A_FUNCTION.exec(message) ?? [];
  const name = called ?? missing;
  if (near.size === 0 && wrong.size === 0 && name !== undefined)
    for (const one of nearNames(name, paths)) near.add(one);
  const listed = [...wrong, ...near].slice(0, 4);
  if (listed.length === 0) return undefined;
  const told = listed.map((path) => {
    const tool = tools.find((one) => one.path === path) as Declared;
    return `tools.${path}${signatureOf(tool, SHOWN_DEPTH)}`;
  });
  return [wrong.size > 0 ? 'It is called as:' : 'There is:', ...told].join('\n');
}

function limitAdvice({ code, context }: WasmError): string | undefined {
  if (code === 'TIMEOUT') return 'Do less at once: fewer calls, smaller data, or several programs.';
  if (code === 'MEMORY_LIMIT' || code === 'STACK_OVERFLOW')
    return 'Keep less in memory at the same time, and recurse less deeply.';
  if (code === 'DEADLOCK')
    return 'Something was awaited that never settles: await only calls of tools, timers, and promises made of these.';
  if (code === 'RESOURCE_LIMIT' && context?.['limit'] === 'maxCalls')
    return 'Make fewer calls: one that gives many items in place of one for each.';
  return undefined;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, plain) ?? String(value);
  } catch {
    return '[a value that cannot be written as JSON]';
  }
}

function shown(input: unknown): string {
  return input === undefined ? '' : cut(jsonOf(input), MAX_INPUT);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${head(text, most)}…`;
}

/** Not in the middle of a character. */
function head(text: string, most: number): string {
  const end = /[\uD800-\uDBFF]/.test(text[most - 1] ?? '') ? most - 1 : most;
  return text.slice(0, end);
}

function tail(text: string, most: number): string {
  const start = text.length - most;
  return text.slice(/[\uDC00-\uDFFF]/.test(text[start] ?? '') ? start + 1 : start);
}
