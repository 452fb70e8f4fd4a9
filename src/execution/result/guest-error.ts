import type { ExecutionLimits } from '../../api/limits.js';
import type { WasmError } from '../../api/result.js';
import type { CompiledHandler } from '../../compiler/compiled-handler.js';
import { RESULT_CODES, type ResultCode } from '../../errors/codes.js';
import { describeEngineLimit, limitContext } from '../../protocol/limit-failures.js';
import { SourceLines } from '../../source/source-lines.js';
import type { SourceMap } from '../../source/source-map/source-map.js';
import { cutText } from './cut-text.js';
import { ErrorPlaces } from './error-places.js';
import { type Description, headOf, isRecord, readDropped, readThrown, readThrownName, renderThrown } from './thrown.js';

/** Codes of errors that the prelude itself throws. */
const PRELUDE_CODES: ReadonlySet<ResultCode> = new Set(['PERMISSION_DENIED', 'RESOURCE_LIMIT', 'SERIALIZATION_ERROR']);

const CONTEXT_KEYS = ['capability', 'limit', 'value', 'path', 'option'] as const;
/** Options that do not allow a request, and what to do about it. */
const REMEDIES: ReadonlyMap<unknown, string> = new Map([
  ['network.allow', 'add the host to network.allow, an option of the runtime'],
  ['network.methods', 'add the method to network.methods, an option of the runtime'],
]);

const UNHANDLED = 'A promise was rejected and not handled';

/** A handler with the lines of its source, if they are already available. */
export interface LocatableHandler extends CompiledHandler {
  readonly lines?: SourceLines;
  /** Opens the source map, if there is one. */
  readonly openMap?: () => Promise<SourceMap | undefined>;
}

/** What an error has to be seen against. */
export interface ErrorSite {
  readonly handler: LocatableHandler;
  /** The open source map, if there is one. */
  readonly map: SourceMap | undefined;
  readonly limits: ExecutionLimits;
  /** Whether the heap reached its limit during the execution. */
  readonly heapExhausted: boolean;
  /** Names of those that the runtime has. */
  readonly libraries: readonly string[];
}

/** Describes an error of the handler by the contract, with the author's lines and a snippet of the source. */
export function describeGuestError(thrown: unknown, site: ErrorSite): WasmError {
  const description = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Description;
  const { unhandledRejections } = description;
  return typeof unhandledRejections === 'number'
    ? describeRejection(description, unhandledRejections, site)
    : describeThrown(description, site);
}

/** The reason is described like a thrown error. */
function describeRejection(reason: Description, unhandledRejections: number, site: ErrorSite): WasmError {
  const isKnown = 'thrown' in reason || 'name' in reason || 'message' in reason || 'stack' in reason;
  if (!isKnown) {
    return { code: 'EXECUTION_ERROR', message: `${UNHANDLED}.`, context: { unhandledRejections } };
  }
  const error = describeThrown(reason, site);
  const context = { ...error.context, unhandledRejections };
  // An engine without memory rejects with null: its own words say more.
  if (error.code === 'MEMORY_LIMIT' || error.code === 'STACK_OVERFLOW') return { ...error, context };
  const what = 'thrown' in reason ? renderThrown(reason) : error.message;
  return { ...error, message: `${UNHANDLED}: ${what}`, context };
}

function describeThrown(
  description: Description,
  { handler, map, limits, heapExhausted, libraries }: ErrorSite,
): WasmError {
  // With no memory left to make an error of, the engine throws null.
  if (description.thrown === null && heapExhausted) return describeEngineLimit('MEMORY_LIMIT', limits);
  const places = new ErrorPlaces(linesOf(handler), map);
  const origin = { filename: handler.filename, places, libraries };
  const { name, message, location, snippet, ...further } = readThrown(description, origin);
  const place = location && { location, ...(snippet !== undefined && { snippet }) };
  if ('thrown' in description) {
    const { thrown } = description;
    return {
      code: 'EXECUTION_ERROR',
      message: `The handler threw ${renderThrown(description)}`,
      ...readThrownName(description),
      ...readDropped(description.dropped, []),
      ...place,
      context: { thrown },
    };
  }
  const code = codeOf(name, message, description.code);
  return {
    code,
    message: code === 'EXECUTION_ERROR' ? headOf(name, message) : message,
    name,
    ...further,
    ...place,
    ...(isRecord(description.context) && { context: withRemedy(code, knownContext(description.context)) }),
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

/** Adds what the operator can do. */
function withRemedy(code: ResultCode, context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { limit, value, capability } = context;
  if (code === 'RESOURCE_LIMIT' && typeof limit === 'string')
    return { ...context, ...limitContext(cutText(limit), value) };
  if (code !== 'PERMISSION_DENIED' || typeof capability !== 'string') return context;
  const remedy = REMEDIES.get(context['option']);
  if (remedy !== undefined) return { ...context, remedy };
  return { ...context, remedy: `grant the handler the capability "${cutText(capability)}"` };
}

/** The context of the prelude's own errors; a guest could forge any amount. */
function knownContext(context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(CONTEXT_KEYS.flatMap((key) => (Object.hasOwn(context, key) ? [[key, context[key]]] : [])));
}
