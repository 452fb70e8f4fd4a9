import { type Grant, Grants } from '../capabilities/grants.js';
import { describe, rejectUnknownKeys } from '../config/check.js';
import { COUNTED_LIMITS, type ExecutionLimits, MAX_TIMER_MS } from '../config/limits.js';
import type { CapabilityToken } from '../contract/capability.js';
import type { WasmContext } from '../contract/context.js';
import type { EncodedTail } from '../contract/values/encode.js';
import { NexusError } from '../errors/nexus-error.js';
import { encodeFields, encodeRights, readableState } from './packed-context.js';
import type { ExecuteRequest, PackedContext } from './protocol.js';

/** How one execution differs from what the runtime does by default. */
export interface ExecuteOptions {
  /** Wall-clock time in the VM, in milliseconds. Default: the runtime's `timeoutMs`. */
  readonly timeoutMs?: number;
  /** Aborting ends the execution with CANCELLED, wherever it is. */
  readonly signal?: AbortSignal;
  /** Limits below the runtime's own. */
  readonly limits?: Partial<Omit<ExecutionLimits, 'timeoutMs'>>;
  /** Fixes `Math.random`: the same seed gives the same sequence. Default: fresh entropy. */
  readonly seed?: number;
  /** Fixes the guest's clock, in milliseconds since the epoch. Default: the real clock. */
  readonly now?: number;
  /** Name of the handler's file in stack traces. Part of the cache key. @default 'handler.js' */
  readonly filename?: string;
}

const OPTION_KEYS: { readonly [K in keyof Required<ExecuteOptions>]: true } = {
  timeoutMs: true,
  signal: true,
  limits: true,
  seed: true,
  now: true,
  filename: true,
};
const CONTEXT_KEYS: { readonly [K in keyof Required<WasmContext>]: true } = {
  panelId: true,
  handlerName: true,
  stateSnapshot: true,
  args: true,
  scope: true,
  capabilities: true,
};

export interface RequestDefaults {
  readonly limits: ExecutionLimits;
  readonly maxContextBytes: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Everything about an execution but the handler. */
export interface PreparedRequest {
  readonly request: Omit<ExecuteRequest, 'key'>;
  readonly grants: Grants;
}

/** A parsed list of capabilities, and what was encoded for it last. */
interface Rights {
  readonly tokens: string;
  readonly grants: Grants;
  encoded?: { readonly limits: ExecutionLimits; readonly tail: EncodedTail };
}

/** Logging needs no capability, only room. */
const LOGGING_GRANT: Grant = true;

const NO_CAPABILITIES: readonly CapabilityToken[] = [];
/** Applications pass the same list over and over. */
const knownRights = new WeakMap<readonly string[], Rights>();

/**
 * Checks and encodes what the caller passes with a handler.
 *
 * @throws NexusError INVALID_ARGUMENT naming the field, or SERIALIZATION_ERROR naming the path
 */
export function prepareRequest(
  context: WasmContext,
  options: ExecuteOptions,
  defaults: RequestDefaults,
): PreparedRequest {
  checkShape('context', context, CONTEXT_KEYS);
  const { stateSnapshot = {}, args, scope, capabilities = NO_CAPABILITIES } = context;
  const limits = resolveExecutionLimits(options, defaults.limits);
  const rights = rightsOf(capabilities);
  const readable = rights.grants.grant('state:read');
  const isPacked = [stateSnapshot, args, scope].some((value) => value instanceof Uint8Array);
  const packed = isPacked ? packedFields(context, readable) : undefined;
  const input = encodeFields(
    [
      [
        'context.stateSnapshot',
        packed?.state === undefined ? readableState(requireState(stateSnapshot), readable) : {},
      ],
      ['context.args', packed?.args === undefined ? args : undefined],
      ['context.scope', packed?.scope === undefined ? scope : undefined],
    ],
    defaults.maxContextBytes,
    encodedRights(rights, limits),
  );
  const request: Mutable<PreparedRequest['request']> = { input, limits, maxContextBytes: defaults.maxContextBytes };
  if (packed !== undefined) request.packed = packed;
  if (options.now !== undefined) request.now = finite('now', options.now);
  if (options.seed !== undefined) request.seed = finite('seed', options.seed);
  return { request, grants: rights.grants };
}

/** The third argument of the execute methods: a timeout or options. */
export function normaliseOptions(given: number | ExecuteOptions | undefined): ExecuteOptions {
  if (given === undefined) return {};
  if (typeof given === 'number') return { timeoutMs: given };
  checkShape('options', given, OPTION_KEYS);
  const { signal } = given;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal', signal, 'an AbortSignal');
  return given;
}

function resolveExecutionLimits(options: ExecuteOptions, defaults: ExecutionLimits): ExecutionLimits {
  const { timeoutMs, limits } = options;
  if (timeoutMs === undefined && limits === undefined) return defaults;
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
    throw invalid('timeoutMs', timeoutMs, 'a whole number of milliseconds from 1 to 2,147,483,647');
  }
  const { timeoutMs: _, ...lowerable } = defaults;
  if (limits !== undefined) checkShape('limits', limits, lowerable);
  for (const [name, value] of Object.entries(limits ?? {})) {
    const most = lowerable[name as keyof typeof lowerable];
    if (!Number.isInteger(value) || value < 0 || value > most) {
      throw invalid(`limits.${name}`, value, `a whole number from 0 to ${most}, the limit of the runtime`);
    }
  }
  return { ...defaults, ...limits, timeoutMs: timeoutMs ?? defaults.timeoutMs };
}

function rightsOf(capabilities: readonly CapabilityToken[]): Rights {
  if (!Array.isArray(capabilities)) throw invalid('context.capabilities', capabilities, 'an array of tokens');
  const tokens = capabilities.join('\n');
  const known = knownRights.get(capabilities);
  if (known?.tokens === tokens) return known;
  const rights: Rights = { tokens, grants: Grants.parse(capabilities) };
  knownRights.set(capabilities, rights);
  return rights;
}

function encodedRights(rights: Rights, limits: ExecutionLimits): EncodedTail {
  if (rights.encoded?.limits === limits) return rights.encoded.tail;
  const { grants } = rights;
  const tail = encodeRights(
    [grants.grant('state:write'), grants.grant('events:emit'), grants.grant('view:update'), LOGGING_GRANT],
    COUNTED_LIMITS.map((limit) => limits[limit]),
  );
  rights.encoded = { limits, tail };
  return tail;
}

/** Bytes in one of these places are MessagePack; any other typed array is a value like others. */
function packedFields({ stateSnapshot, args, scope }: WasmContext, readable: Grant): PackedContext {
  return {
    ...(stateSnapshot instanceof Uint8Array && { state: stateSnapshot }),
    ...(args instanceof Uint8Array && { args }),
    ...(scope instanceof Uint8Array && { scope }),
    readable,
  };
}

function requireState(state: unknown): object {
  if (typeof state === 'object' && state !== null && !Array.isArray(state)) return state;
  throw invalid('context.stateSnapshot', state, 'a plain object, or MessagePack bytes of one');
}

function finite(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(field, value, 'a finite number');
}

function checkShape(field: string, given: unknown, keys: object): asserts given is object {
  if (typeof given !== 'object' || given === null) throw invalid(field, given, 'an object');
  // for-in over a small object is several times faster than a list of its keys.
  for (const key in given) {
    if (!Object.hasOwn(keys, key)) rejectUnknownKeys(given, Object.keys(keys), `${field}.`, 'INVALID_ARGUMENT');
  }
}

function invalid(field: string, value: unknown, expected: string): NexusError {
  return new NexusError('INVALID_ARGUMENT', `${field} is ${describe(value)}; it must be ${expected}.`, {
    context: { field, value, expected },
  });
}
