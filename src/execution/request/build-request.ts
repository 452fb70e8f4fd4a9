import { hasPrepared, isPrepared, type WasmContext } from '../../api/context.js';
import { encodedBytes, jsonBytes } from '../../api/encoded.js';
import type { ExtensionRegistry } from '../../api/extension.js';
import type { ExecutionLimits, LogOverflow } from '../../api/limits.js';
import type { Grants } from '../../capabilities/grants.js';
import { EXTENSION_NAME, isExtensionName } from '../../capabilities/token.js';
import { invalidArgument, readArgument, requireText } from '../../config/check.js';
import { type LocaleSettings, settingsOfCall } from '../../config/locale.js';
import { CONTEXT_ROOTS, checkPackedBytes, encodeFields, readableState } from '../../protocol/context-encoding.js';
import type { Grant } from '../../protocol/grant.js';
import type { ExecuteRequest, PackedContext } from '../../protocol/messages.js';
import type { Mutable } from '../../support/mutable.js';
import { PreparedPart, type PreparedValues } from '../prepared/prepared-values.js';
import { EncodedGrants } from './encoded-grants.js';
import { checkShape, type ExecuteOptions, resolveExecutionLimits } from './execute-options.js';
import type { LeftOut } from './left-out.js';
import type { NeededKeys } from './needed-keys.js';
import { warnOfPackedBytes } from './packed-bytes-warning.js';
import { encodePartly } from './partial-input.js';

const CONTEXT_KEYS: { readonly [K in keyof Required<WasmContext>]: true } = {
  panelId: true,
  handlerName: true,
  stateSnapshot: true,
  args: true,
  scope: true,
  capabilities: true,
  extensionRegistry: true,
};

const inOptions = (name: string) => `options.${name}, of the argument behind the context`;
/** What callers look for in the context. */
const CONTEXT_ELSEWHERE: Readonly<Record<string, string>> = {
  ...{ state: 'context.stateSnapshot', input: 'context.args', params: 'context.args', arguments: 'context.args' },
  ...{
    name: 'context.handlerName',
    permissions: 'context.capabilities',
    extensions: 'context.extensionRegistry, or an option of run',
  },
  ...Object.fromEntries(
    [
      ...[
        'timeoutMs',
        'deadlineMs',
        'queueTimeoutMs',
        'tenant',
        'signal',
        'limits',
        'seed',
        'now',
        'filename',
        'entry',
      ],
      ...['locale', 'timeZone'],
    ].map((name) => [name, inOptions(name)]),
  ),
  ...{ timeout: inOptions('timeoutMs'), onEffects: inOptions('onEffects'), callTimeoutMs: inOptions('callTimeoutMs') },
};

export interface RequestDefaults {
  readonly limits: ExecutionLimits;
  readonly ceilings: ExecutionLimits;
  /** Whether the guest records which keys it reads. @default false */
  readonly isAudited?: boolean;
  /** Unless the options say otherwise. @default 'cut' */
  readonly onLogOverflow?: LogOverflow;
  /** Unless the options say otherwise. @default the same on every machine */
  readonly localeSettings?: LocaleSettings;
  /** The values that the runtime has prepared. */
  readonly prepared?: PreparedValues;
}

/** An execution without its handler. */
export interface PreparedRequest {
  readonly request: Omit<ExecuteRequest, 'key'>;
  readonly grants: Grants;
  /** Present if values of the state are not in its input. */
  readonly leftOut?: LeftOut | undefined;
}

const NO_CAPABILITIES: readonly string[] = [];
/** @throws NexusError INVALID_ARGUMENT if it is not an object, or has an unknown key */
export function checkContext(context: unknown): asserts context is WasmContext {
  checkShape('context', context, CONTEXT_KEYS, CONTEXT_ELSEWHERE);
}

/**
 * Checks and encodes what the caller passes with a handler.
 *
 * @param context that {@link checkContext} found to be one
 * @param needs which keys of a large state the handler may read. Default: all
 * @throws NexusError INVALID_ARGUMENT naming the field, or SERIALIZATION_ERROR naming the path
 */
export function prepareRequest(
  context: WasmContext,
  options: ExecuteOptions,
  defaults: RequestDefaults,
  needs?: () => NeededKeys | undefined,
): PreparedRequest {
  const { stateSnapshot = {}, args, scope, capabilities = NO_CAPABILITIES } = context;
  if (context.panelId !== undefined) requireText('context.panelId', context.panelId);
  if (context.handlerName !== undefined) requireText('context.handlerName', context.handlerName);
  const limits = resolveExecutionLimits(options, defaults.limits, defaults.ceilings);
  const encodedGrants = readArgument('context.capabilities', () => EncodedGrants.of(capabilities));
  const readable = encodedGrants.grants.grant('state:read');
  const honoursToJson = options.toJSON === true;
  let packed = packedFields(context, readable);
  if (packed !== undefined) checkPackedBytes(packed, limits.maxContextBytes);
  const state = packed?.state === undefined ? stateOf(stateSnapshot, readable, honoursToJson, defaults.prepared) : {};
  const references = hasPrepared() ? defaults.prepared?.collect() : undefined;
  const { extensionRegistry } = context;
  const extensions =
    extensionRegistry === undefined
      ? undefined
      : readArgument('context.extensionRegistry', () => methodNames(extensionRegistry));
  const rest = [
    packed?.args === undefined ? args : undefined,
    packed?.scope === undefined ? scope : undefined,
    extensions,
    options.entry,
  ];
  const maxBytes = limits.maxContextBytes;
  const { memoryLimitBytes } = limits;
  // Nothing is left out beside JSON text and prepared values.
  const partial =
    needs === undefined || packed !== undefined || honoursToJson
      ? undefined
      : encodePartly(state as Readonly<Record<string, unknown>>, rest, { needs, maxBytes, memoryLimitBytes });
  const onJsonText = () => {
    packed ??= { readable };
  };
  const input =
    partial?.input ??
    encodeFields([state, ...rest], CONTEXT_ROOTS, {
      maxBytes,
      honoursToJson,
      onJsonText,
      numberPrepared: references?.numberOf,
    });
  const request: Mutable<PreparedRequest['request']> = {
    input,
    encodedGrants: encodedGrants.encode(limits, {
      isAudited: defaults.isAudited ?? false,
      honoursToJson,
      awaitsAll: options.unawaited === 'wait',
      cutsLog: (options.onLogOverflow ?? defaults.onLogOverflow) !== 'error',
    }),
    limits,
  };
  if (packed !== undefined) request.packed = packed;
  if (partial !== undefined) request.leftOut = 'kept';
  if (references?.values !== undefined) request.prepared = references.values;
  if (options.now !== undefined) request.now = options.now;
  if (options.seed !== undefined) request.seed = options.seed;
  const localeSettings = settingsOfCall(options, defaults.localeSettings);
  if (localeSettings !== undefined) request.localeSettings = localeSettings;
  return { request, grants: encodedGrants.grants, leftOut: partial?.leftOut };
}

function methodNames(registry: ExtensionRegistry): Record<string, readonly string[]> {
  const field = 'context.extensionRegistry';
  if (typeof registry !== 'object' || registry === null || Array.isArray(registry))
    throw invalidArgument(field, registry, 'an object of extensions');
  const named = Object.entries(registry).map(([name, methods]): [string, readonly string[]] => {
    if (!isExtensionName(name)) throw invalidArgument(field, name, EXTENSION_NAME);
    if (typeof methods !== 'object' || methods === null) {
      throw invalidArgument(`${field}.${name}`, methods, 'a list of method names, or an object of functions');
    }
    if (!Array.isArray(methods)) return [name, methodNamesOf(methods)];
    for (const method of methods as unknown[]) requireText(`${field}.${name}`, method);
    return [name, methods];
  });
  return Object.fromEntries(named);
}

/**
 * The functions of an object and of its class, without the constructor and without the methods of every
 * object.
 */
export function methodNamesOf(extension: object): string[] {
  /**
   * Whether the member of a name is a function. Members nearer in the prototype chain hide those farther
   * away.
   */
  const found = new Map<string, boolean>();
  let at: object | null = extension;
  while (at !== null && !isRoot(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (!found.has(name)) found.set(name, typeof value === 'function' && name !== 'constructor');
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return [...found].filter(([, isMethod]) => isMethod).map(([name]) => name);
}

/** An Object.prototype of any realm. */
function isRoot(object: object): boolean {
  return Object.getPrototypeOf(object) === null && Object.hasOwn(object, 'isPrototypeOf');
}

/** What came as MessagePack; undefined when nothing did, as most often. Bytes are a value like others. */
function packedFields({ stateSnapshot, args, scope }: WasmContext, readable: Grant): PackedContext | undefined {
  if (args instanceof Uint8Array) warnOfPackedBytes('args', args);
  if (scope instanceof Uint8Array) warnOfPackedBytes('scope', scope);
  const packedState = encodedBytes(stateSnapshot);
  const packedArgs = encodedBytes(args);
  const packedScope = encodedBytes(scope);
  if (packedState === undefined && packedArgs === undefined && packedScope === undefined) return undefined;
  return {
    ...(packedState !== undefined && { state: packedState }),
    ...(packedArgs !== undefined && { args: packedArgs }),
    ...(packedScope !== undefined && { scope: packedScope }),
    readable,
  };
}

/**
 * A context whose state is the part of a prepared one that may be read, if that is not all of it.
 *
 * @returns a promise if the part has to be made; undefined if the context is what it has to be
 * @throws, or rejects with, NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR
 */
export function withReadablePart(context: WasmContext, prepared: PreparedValues): Promise<WasmContext> | undefined {
  if (!hasPrepared()) return undefined;
  const { stateSnapshot, capabilities = NO_CAPABILITIES } = context;
  if (stateSnapshot === undefined || !isPrepared(stateSnapshot)) return undefined;
  const { grants } = readArgument('context.capabilities', () => EncodedGrants.of(capabilities));
  const state = prepared.stateOf(stateSnapshot, grants.grant('state:read'));
  return state instanceof Promise ? state.then((part) => ({ ...context, stateSnapshot: part })) : undefined;
}

/** What may be read of it. JSON text crosses as a whole; the worker leaves out what may not be read. */
function stateOf(given: object, readable: Grant, honoursToJson: boolean, prepared?: PreparedValues): object {
  if (jsonBytes(given) !== undefined || given instanceof PreparedPart) return given;
  if (prepared !== undefined && isPrepared(given)) {
    const state = prepared.stateOf(given, readable);
    if (state instanceof Promise) throw new TypeError('The part of the prepared state that may be read is not made.');
    return state;
  }
  return readableState(requireState(jsonState(given, honoursToJson)), readable);
}

/** The state may be an object of a class whose `toJSON` makes a plain one of it. */
function jsonState(state: unknown, honoursToJson: boolean): unknown {
  if (!honoursToJson || typeof state !== 'object' || state === null || !('toJSON' in state)) return state;
  const { toJSON } = state;
  return typeof toJSON === 'function'
    ? readArgument('context.stateSnapshot', () => Reflect.apply(toJSON, state, ['']))
    : state;
}

function requireState(state: unknown): object {
  if (typeof state === 'object' && state !== null && Object.getPrototypeOf(state) === Object.prototype) return state;
  // Instances of classes are refused by the encoder, which names the class.
  if (Object.prototype.toString.call(state) === '[object Object]') return state as object;
  const isBytes = ArrayBuffer.isView(state) || state instanceof ArrayBuffer;
  const expected = isBytes
    ? 'a plain object; bytes are MessagePack of one if they are passed as encoded(bytes)'
    : 'a plain object, or encoded(bytes) or json(text) of one';
  throw invalidArgument('context.stateSnapshot', state, expected);
}
