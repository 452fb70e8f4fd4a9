import type { ExecutionLimits } from '../../api/limits.js';
import type { WasmError } from '../../api/result.js';
import type { CompiledHandler } from '../../compiler/compiled-handler.js';
import { RESULT_CODES, type ResultCode } from '../../errors/codes.js';
import { describeEngineLimit } from '../../protocol/limit-failures.js';
import { PRELUDE_FILENAME } from '../../protocol/prelude-name.js';
import { SourceLines, type SourceLocation } from '../../source/source-lines.js';
import { toAuthorLocation } from '../../source/wrapper.js';
import { cutText } from './cut-text.js';

/**
 * The prelude's description of a thrown value. The guest can forge all of it, so the type of every field is
 * checked.
 */
interface Description {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly code?: unknown;
  readonly context?: unknown;
  readonly thrown?: unknown;
  /** Present for an unhandled rejection: the number of promises that were rejected and not handled. */
  readonly unhandledRejections?: unknown;
}

/** Codes of errors that the prelude itself throws. */
const PRELUDE_CODES: ReadonlySet<ResultCode> = new Set(['PERMISSION_DENIED', 'RESOURCE_LIMIT', 'SERIALIZATION_ERROR']);

const CONTEXT_KEYS = ['capability', 'limit', 'value', 'path'] as const;

/** An overflowed stack is as deep as the limit allows; its top frames are enough. */
const MAX_FRAMES = 20;

/** The guest chooses its stack and messages: nothing beyond these bounds is read. */
const MAX_STACK_CHARACTERS = 16 * 1024;
const MAX_FRAME_CHARACTERS = 500;
const UNHANDLED = 'A promise was rejected and not handled';
const LARGE_BIGINT = 2n ** 64n;

/** A handler with the lines of its source, if they are already available. */
export type LocatableHandler = CompiledHandler & { readonly lines?: SourceLines };

/** What an error has to be seen against. */
export interface ErrorCircumstances {
  readonly handler: LocatableHandler;
  readonly limits: ExecutionLimits;
  /** Whether the heap reached its limit during the execution. */
  readonly heapExhausted: boolean;
}

/** Describes an error of the handler by the contract, with the author's lines and a snippet of the source. */
export function describeGuestError(thrown: unknown, circumstances: ErrorCircumstances): WasmError {
  const description = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Description;
  const { unhandledRejections } = description;
  return typeof unhandledRejections === 'number'
    ? describeRejection(description, unhandledRejections, circumstances)
    : describeThrown(description, circumstances);
}

/** The reason is described like a thrown error. */
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
  // JSON.parse and the parser of regular expressions turn it into a SyntaxError.
  if ((name === 'InternalError' || name === 'SyntaxError') && message === 'stack overflow') return 'STACK_OVERFLOW';
  return 'EXECUTION_ERROR';
}

/** The source of a suspended handler is not stored if it is long. */
function linesOf({ source, lines }: LocatableHandler): SourceLines | undefined {
  return source === '' ? undefined : (lines ?? new SourceLines(source));
}

/** The maximum length of an error name that is expected before the message in the stack. */
const MAX_NAME_CHARACTERS = 200;
const FRAME_START = '    at ';
const SEPARATOR = ': ';

/** The frames of a stack, which begins with the error's name and message of any number of lines. */
function withoutHead(stack: string, message: unknown): string {
  const start = typeof message === 'string' && message !== '' ? endOfMessage(stack, message) : 0;
  if (start === 0 && stack.startsWith(FRAME_START)) return stack;
  const frames = stack.indexOf(`\n${FRAME_START}`, start);
  return stack.slice(frames === -1 ? start : frames + 1);
}

/**
 * 0 if the stack does not contain the message. It is compared only at its possible position: searching for a
 * long text could take any amount of time.
 */
function endOfMessage(stack: string, message: string): number {
  const separator = stack.slice(0, MAX_NAME_CHARACTERS).indexOf(SEPARATOR);
  for (const start of separator === -1 ? [0] : [0, separator + SEPARATOR.length]) {
    if (stack.startsWith(message, start)) return start + message.length;
  }
  return 0;
}

/**
 * The guest's frames without those of the prelude, in the author's coordinates, and the place of the
 * handler's topmost frame.
 */
function readStack(
  raw: string,
  filename: string,
  text: SourceLines | undefined,
): { readonly stack: string; readonly location: SourceLocation | undefined } {
  let location: SourceLocation | undefined;
  const frames: string[] = [];
  const lines = raw.slice(0, MAX_STACK_CHARACTERS).split('\n');
  // Half a frame could not be recognised as one of the prelude.
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

/** Parses `    at f (handler.js:2:7)` from its end, because the guest chooses the text before. */
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
  return typeof value === 'object' && value !== null ? 'an object that is not an Error' : String(value);
}

/** The context of the prelude's own errors; a guest could forge any amount. */
function knownContext(context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(CONTEXT_KEYS.flatMap((key) => (Object.hasOwn(context, key) ? [[key, context[key]]] : [])));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
