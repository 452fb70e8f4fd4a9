import type { ExecutionLimits } from '../../api/limits.js';
import type { WasmError } from '../../api/result.js';
import type { CompiledHandler } from '../../compiler/compiled-handler.js';
import { RESULT_CODES, type ResultCode } from '../../errors/codes.js';
import { describeEngineLimit } from '../../protocol/limit-failures.js';
import { PRELUDE_FILENAME } from '../../protocol/prelude-name.js';
import { SourceLines, type SourceLocation } from '../../source/source-lines.js';
import { toAuthorLocation } from '../../source/wrapper.js';
import { cutText } from './cut-text.js';

/** What the prelude says of a thrown value. All of it is the guest's own word: every field is checked for its type. */
interface Description {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly code?: unknown;
  readonly context?: unknown;
  readonly thrown?: unknown;
  /** There when nobody threw it: how many promises were rejected with it or others, and handled by nobody. */
  readonly unhandledRejections?: unknown;
}

/** Codes that the prelude gives its own errors. */
const PRELUDE_CODES: ReadonlySet<ResultCode> = new Set(['PERMISSION_DENIED', 'RESOURCE_LIMIT', 'SERIALIZATION_ERROR']);

const CONTEXT_KEYS = ['capability', 'limit', 'value', 'path'] as const;

/** An overflowed stack is as deep as the limit allows; its top says what happened. */
const MAX_FRAMES = 20;

/** The guest writes its stack and its messages as it likes: nothing is read beyond these bounds. */
const MAX_STACK_CHARACTERS = 16 * 1024;
const MAX_FRAME_CHARACTERS = 500;
const UNHANDLED = 'A promise was rejected and nobody handled it';
const LARGE_BIGINT = 2n ** 64n;

/** A handler, with the lines of its source if they are at hand already. */
export type LocatableHandler = CompiledHandler & { readonly lines?: SourceLines };

/** What an error has to be seen against. */
export interface ErrorCircumstances {
  readonly handler: LocatableHandler;
  readonly limits: ExecutionLimits;
  /** Whether the heap reached its limit on the way. */
  readonly heapExhausted: boolean;
}

/** An error of the handler in the terms of the contract, with the author's lines and a snippet of the source. */
export function describeGuestError(thrown: unknown, circumstances: ErrorCircumstances): WasmError {
  const description = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Description;
  const { unhandledRejections } = description;
  return typeof unhandledRejections === 'number'
    ? describeRejection(description, unhandledRejections, circumstances)
    : describeThrown(description, circumstances);
}

/** The reason is told like an error that was thrown. */
function describeRejection(
  reason: Description,
  unhandledRejections: number,
  circumstances: ErrorCircumstances,
): WasmError {
  const isKnown = 'thrown' in reason || 'name' in reason || 'message' in reason || 'stack' in reason;
  if (!isKnown) {
    return { code: 'EXECUTION_ERROR', message: `${UNHANDLED}.`, context: { unhandledRejections } };
  }
  const error = describeThrown(reason, circumstances);
  const what = 'thrown' in reason ? render(reason.thrown) : error.message;
  return { ...error, message: `${UNHANDLED}: ${what}`, context: { ...error.context, unhandledRejections } };
}

function describeThrown(description: Description, { handler, limits, heapExhausted }: ErrorCircumstances): WasmError {
  // With no memory left to make an error of, the engine throws null.
  if (description.thrown === null && heapExhausted) return describeEngineLimit('MEMORY_LIMIT', limits);
  if ('thrown' in description) {
    return {
      code: 'EXECUTION_ERROR',
      message: `The handler threw ${render(description.thrown)}`,
      context: { thrown: description.thrown },
    };
  }
  const name = typeof description.name === 'string' ? cutText(description.name) : 'Error';
  const message = typeof description.message === 'string' ? cutText(description.message) : '';
  const lines = linesOf(handler);
  const given = typeof description.stack === 'string' ? description.stack : '';
  const { stack, location } = readStack(withoutHead(given, description.message), handler.filename, lines);
  const code = codeOf(name, message, description.code);
  return {
    code,
    message: code === 'EXECUTION_ERROR' ? `${name}: ${message}` : message,
    ...(stack !== '' && { stack }),
    ...(location && { location, ...(lines && { snippet: lines.snippet(location) }) }),
    ...(isRecord(description.context) && { context: knownContext(description.context) }),
    ...((code === 'MEMORY_LIMIT' || code === 'STACK_OVERFLOW') && describeEngineLimit(code, limits)),
  };
}

function codeOf(name: string, message: string, code: unknown): ResultCode {
  if (typeof code === 'string' && code in RESULT_CODES && PRELUDE_CODES.has(code as ResultCode)) {
    return code as ResultCode;
  }
  if (name === 'InternalError' && message.startsWith('out of memory')) return 'MEMORY_LIMIT';
  if (name === 'RangeError' && message === 'Maximum call stack size exceeded') return 'STACK_OVERFLOW';
  // JSON.parse and the parser of regular expressions make a SyntaxError of it.
  if ((name === 'InternalError' || name === 'SyntaxError') && message === 'stack overflow') return 'STACK_OVERFLOW';
  return 'EXECUTION_ERROR';
}

/** The source of a handler that was suspended is left out when it is long. */
function linesOf({ source, lines }: LocatableHandler): SourceLines | undefined {
  return source === '' ? undefined : (lines ?? new SourceLines(source));
}

/** What a name of an error has at most before its message, where the message is looked for in the stack. */
const MAX_NAME_CHARACTERS = 200;
const FRAME_START = '    at ';
const SEPARATOR = ': ';

/** The frames of a stack: it begins with the error's name and message, which may have any number of lines. */
function withoutHead(stack: string, message: unknown): string {
  const start = typeof message === 'string' && message !== '' ? endOfMessage(stack, message) : 0;
  if (start === 0 && stack.startsWith(FRAME_START)) return stack;
  const frames = stack.indexOf(`\n${FRAME_START}`, start);
  return stack.slice(frames === -1 ? start : frames + 1);
}

/** 0 when the stack has no message. Compared where it may begin only: to search for a long text can take as long as the guest likes. */
function endOfMessage(stack: string, message: string): number {
  const separator = stack.slice(0, MAX_NAME_CHARACTERS).indexOf(SEPARATOR);
  for (const start of separator === -1 ? [0] : [0, separator + SEPARATOR.length]) {
    if (stack.startsWith(message, start)) return start + message.length;
  }
  return 0;
}

/** The guest's frames without our own, in the author's coordinates, and where the topmost of the handler's stands. */
function readStack(
  raw: string,
  filename: string,
  text: SourceLines | undefined,
): { readonly stack: string; readonly location: SourceLocation | undefined } {
  let location: SourceLocation | undefined;
  const frames: string[] = [];
  const lines = raw.slice(0, MAX_STACK_CHARACTERS).split('\n');
  // Half a frame would no longer be known as one of our own.
  if (raw.length > MAX_STACK_CHARACTERS && lines.length > 1) lines.pop();
  for (const line of lines) {
    if (line.trim() === '' || line.includes(`${PRELUDE_FILENAME}:`)) continue;
    if (frames.length === MAX_FRAMES) {
      frames.push('    … and more');
      break;
    }
    const shown = line.slice(0, MAX_FRAME_CHARACTERS).trimEnd();
    const frame = parseFrame(shown, filename);
    if (frame === undefined) {
      frames.push(shown);
      continue;
    }
    const place = toAuthorLocation(frame.location, text);
    location ??= place;
    frames.push(`${frame.before}(${filename}:${place.line}:${place.column})`);
  }
  return { stack: frames.join('\n'), location };
}

/** `    at f (handler.js:2:7)`, read from its end: what stands before is the guest's to choose. */
function parseFrame(text: string, filename: string): { before: string; location: SourceLocation } | undefined {
  const open = text.lastIndexOf(`(${filename}:`);
  if (open === -1 || !text.endsWith(')')) return undefined;
  const numbers = text.slice(open + filename.length + 2, -1).split(':');
  const [line, column] = numbers.map(Number);
  const isPlace = numbers.length === 2 && isPosition(line) && isPosition(column);
  return isPlace ? { before: text.slice(0, open), location: { line, column } } : undefined;
}

function isPosition(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}

function render(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cutText(value));
  if (typeof value === 'bigint' && (value > LARGE_BIGINT || value < -LARGE_BIGINT)) return 'a large BigInt';
  return typeof value === 'object' && value !== null ? 'an object that is no Error' : String(value);
}

/** What the prelude says of its own errors; a guest could say any amount. */
function knownContext(context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(CONTEXT_KEYS.flatMap((key) => (Object.hasOwn(context, key) ? [[key, context[key]]] : [])));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
