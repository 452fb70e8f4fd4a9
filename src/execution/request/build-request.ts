import type { CapabilityToken } from '../../api/capability.js';
import type { WasmContext } from '../../api/context.js';
import type { ExtensionRegistry } from '../../api/extension.js';
import type { ExecutionLimits } from '../../api/limits.js';
import type { Grants } from '../../capabilities/grants.js';
import { EXTENSION_NAME, isExtensionName } from '../../capabilities/token.js';
import { invalidArgument, readArgument, requireText } from '../../config/check.js';
import { CONTEXT_ROOTS, checkPackedBytes, encodeFields, readableState } from '../../protocol/context-encoding.js';
import type { Grant } from '../../protocol/grant.js';
import type { ExecuteRequest, PackedContext } from '../../protocol/messages.js';
import { EncodedGrants } from './encoded-grants.js';
import { checkShape, type ExecuteOptions, resolveExecutionLimits } from './execute-options.js';

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
    ['timeoutMs', 'deadlineMs', 'queueTimeoutMs', 'tenant', 'signal', 'limits', 'seed', 'now', 'filename'].map(
      (name) => [name, inOptions(name)],
    ),
  ),
  ...{ timeout: inOptions('timeoutMs'), onEffects: inOptions('onEffects'), callTimeoutMs: inOptions('callTimeoutMs') },
};

export interface RequestDefaults {
  readonly limits: ExecutionLimits;
  readonly ceilings: ExecutionLimits;
  /** Whether the guest is to note which keys it reads. @default false */
  readonly isAudited?: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Everything about an execution but the handler. */
export interface PreparedRequest {
  readonly request: Omit<ExecuteRequest, 'key'>;
  readonly grants: Grants;
}

const NO_CAPABILITIES: readonly CapabilityToken[] = [];
/** @throws NexusError INVALID_ARGUMENT when it is no object, or has an unknown key */
export function checkContext(context: unknown): asserts context is WasmContext {
  checkShape('context', context, CONTEXT_KEYS, CONTEXT_ELSEWHERE);
}

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
  checkContext(context);
  const { stateSnapshot = {}, args, scope, capabilities = NO_CAPABILITIES } = context;
  if (context.panelId !== undefined) requireText('context.panelId', context.panelId);
  if (context.handlerName !== undefined) requireText('context.handlerName', context.handlerName);
  const limits = resolveExecutionLimits(options, defaults.limits, defaults.ceilings);
  const rights = readArgument('context.capabilities', () => EncodedGrants.of(capabilities));
  const readable = rights.grants.grant('state:read');
  const isPacked = stateSnapshot instanceof Uint8Array || args instanceof Uint8Array || scope instanceof Uint8Array;
  const packed = isPacked ? packedFields(context, readable) : undefined;
  if (packed !== undefined) checkPackedBytes(packed, limits.maxContextBytes);
  const state = packed?.state === undefined ? readableState(requireState(stateSnapshot), readable) : {};
  const { extensionRegistry } = context;
  const extensions =
    extensionRegistry === undefined
      ? undefined
      : readArgument('context.extensionRegistry', () => methodNames(extensionRegistry));
  const input = encodeFields(
    [state, packed?.args === undefined ? args : undefined, packed?.scope === undefined ? scope : undefined, extensions],
    CONTEXT_ROOTS,
    limits.maxContextBytes,
  );
  const request: Mutable<PreparedRequest['request']> = {
    input,
    rights: rights.encode(limits, defaults.isAudited ?? false),
    limits,
  };
  if (packed !== undefined) request.packed = packed;
  if (options.now !== undefined) request.now = options.now;
  if (options.seed !== undefined) request.seed = options.seed;
  return { request, grants: rights.grants };
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

/** Functions of an object and of its class, the constructor apart; nothing that every object has. */
export function methodNamesOf(extension: object): string[] {
  /** By name: whether it is a function. What is nearer hides what is farther. */
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

/** An Object.prototype, of whichever realm. */
function isRoot(object: object): boolean {
  return Object.getPrototypeOf(object) === null && Object.hasOwn(object, 'isPrototypeOf');
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
  if (typeof state === 'object' && state !== null && Object.getPrototypeOf(state) === Object.prototype) return state;
  // An instance of a class is the encoder's to refuse: it names the class.
  if (Object.prototype.toString.call(state) === '[object Object]') return state as object;
  throw invalidArgument('context.stateSnapshot', state, 'a plain object, or MessagePack bytes of one');
}
