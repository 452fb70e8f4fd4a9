import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compilerConfigFromEnv,
  configFromEnv,
  createRuntime,
  explainCapabilities,
  HandlerCompiler,
  inferCapabilities,
  NexusError,
  type NexusRuntime,
  type TransientArtifacts,
} from '#src/index.js';

type Kind = keyof typeof WRONG;

const trap = () => {
  throw new Error('a trap');
};
const traps = Object.fromEntries(Reflect.ownKeys(Reflect).map((name) => [name, trap]));
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

/** Values of every type, and objects that cannot be inspected. */
const WRONG = {
  undefined: undefined,
  null: null,
  boolean: true,
  number: 123,
  'not a number': Number.NaN,
  bigint: 5n,
  symbol: Symbol('a symbol'),
  string: 'text',
  function: () => 1,
  array: [1],
  object: { unknown: 1 },
  bytes: Uint8Array.of(1, 2, 3),
  'an object whose toString throws': { toString: trap, [Symbol.toPrimitive]: trap },
  'an object whose constructor throws': Object.defineProperty({}, 'constructor', { enumerable: true, get: trap }),
  'a proxy whose traps throw': new Proxy({}, traps),
  'a proxy whose get trap throws': new Proxy({}, { get: trap }),
  'a revoked proxy': revoked(),
} as const;

/** A public method, one of its arguments, the values that the argument may have, and a call with a value in its place. */
type Row = readonly [
  method: string,
  argument: string,
  allowed: readonly Kind[],
  call: (value: never) => unknown,
  code?: 'INVALID_CONFIG',
];

let runtime: NexusRuntime;
let compiler: HandlerCompiler;
let artifacts: TransientArtifacts;
let artifact: Uint8Array;
let suspensionId: string;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  compiler = new HandlerCompiler({ cacheDir: false });
  artifacts = runtime.artifacts('test');
  artifact = await runtime.precompileHandler('return 1');
  const waiting = await runtime.executeHandler('return await $ext.a.b()', { capabilities: ['ext:a'] });
  suspensionId = waiting.suspension?.suspensionId ?? '';
});

afterAll(async () => {
  await Promise.all([runtime.shutdown(), compiler.close()]);
});

const NOTHING: readonly Kind[] = ['undefined'];
const TEXT: readonly Kind[] = ['string'];
/** For options, all values without an unknown key are valid. */
const NUMBERS: readonly Kind[] = ['number', 'not a number'];
const OPTIONS: readonly Kind[] = ['undefined', 'an object whose toString throws'];

/** Checking whether they are promises fails, and so does the list that contains them. */
const NO_PROMISES: readonly Kind[] = ['a proxy whose traps throw', 'a proxy whose get trap throws', 'a revoked proxy'];
/** It has no keys, and so no extensions. */
const EMPTY_PROXY: Kind = 'a proxy whose get trap throws';
/** Unknown variables are ignored. */
const ENVIRONMENTS: readonly Kind[] = [...OPTIONS, 'object', 'bytes', 'an object whose constructor throws'];

const ROWS: readonly Row[] = [
  ['executeHandler', 'code', TEXT, (code) => runtime.executeHandler(code)],
  ['executeHandler', 'context', OPTIONS, (context) => runtime.executeHandler('return 1', context)],
  ['executeHandler', 'options', [...OPTIONS, ...NUMBERS], (options) => runtime.executeHandler('return 1', {}, options)],
  [
    'executeHandler',
    'filename',
    [...NOTHING, 'string'],
    (filename) => runtime.executeHandler('return 1', {}, { filename }),
  ],
  ['executeHandler', 'tenant', [...NOTHING, 'string'], (tenant) => runtime.executeHandler('return 1', {}, { tenant })],
  ['executeHandler', 'signal', NOTHING, (signal) => runtime.executeHandler('return 1', {}, { signal })],
  ['executeHandler', 'limits', OPTIONS, (limits) => runtime.executeHandler('return 1', {}, { limits })],
  [
    'executeHandler',
    'timeoutMs',
    [...NOTHING, 'number'],
    (timeoutMs) => runtime.executeHandler('1', {}, { timeoutMs }),
  ],
  [
    'executeHandler',
    'deadlineMs',
    [...NOTHING, 'number'],
    (deadlineMs) => runtime.executeHandler('1', {}, { deadlineMs }),
  ],
  [
    'executeHandler',
    'queueTimeoutMs',
    [...NOTHING, 'number'],
    (queueTimeoutMs) => runtime.executeHandler('1', {}, { queueTimeoutMs }),
  ],
  ['executeHandler', 'now', [...NOTHING, 'number'], (now) => runtime.executeHandler('return 1', {}, { now })],
  ['executeHandler', 'seed', [...NOTHING, 'number'], (seed) => runtime.executeHandler('return 1', {}, { seed })],
  ['executeHandler', 'context.panelId', [...NOTHING, 'string'], (panelId) => runtime.executeHandler('1', { panelId })],
  [
    'executeHandler',
    'context.handlerName',
    [...NOTHING, 'string'],
    (handlerName) => runtime.executeHandler('1', { handlerName }),
  ],
  ['executeHandler', 'context.capabilities', NOTHING, (capabilities) => runtime.executeHandler('1', { capabilities })],
  [
    'executeHandler',
    'context.capabilities[0]',
    [],
    (token) => runtime.executeHandler('return 1', { capabilities: [token] }),
  ],
  [
    'executeHandler',
    'context.extensionRegistry',
    [...OPTIONS, EMPTY_PROXY],
    (extensionRegistry) => runtime.executeHandler('return 1', { extensionRegistry }),
  ],
  ['precompileHandler', 'code', TEXT, (code) => runtime.precompileHandler(code)],
  ['precompileHandler', 'options', OPTIONS, (options) => runtime.precompileHandler('return 1', options)],
  ['precompileHandler', 'filename', [...NOTHING, 'string'], (filename) => runtime.precompileHandler('1', { filename })],
  ['executeCompiledHandler', 'artifact', ['bytes'], (bytes) => runtime.executeCompiledHandler(bytes)],
  ['executeCompiledHandler', 'context', OPTIONS, (context) => runtime.executeCompiledHandler(artifact, context)],
  [
    'executeCompiledHandler',
    'options',
    [...OPTIONS, ...NUMBERS],
    (options) => runtime.executeCompiledHandler(artifact, {}, options),
  ],
  ['resumeHandler', 'suspensionId', TEXT, (id) => runtime.resumeHandler(id, { success: true, value: 1 })],
  ['resumeHandler', 'answer', [], (answers) => runtime.resumeHandler(suspensionId, answers)],
  ['resumeHandler', 'answers[0]', [], (answer) => runtime.resumeHandler(suspensionId, [answer])],
  [
    'resumeHandler',
    'options',
    [...OPTIONS, ...NUMBERS],
    (options) => runtime.resumeHandler(suspensionId, { success: true, value: 1 }, options),
  ],
  ['cancelSuspension', 'suspensionId', TEXT, (id) => runtime.cancelSuspension(id)],
  ['inspectSuspension', 'suspensionId', TEXT, (id) => runtime.inspectSuspension(id)],
  ['run', 'code', [...TEXT, 'bytes'], (code) => runtime.run(code)],
  ['run', 'context', OPTIONS, (context) => runtime.run('return 1', context)],
  ['run', 'options', OPTIONS, (options) => runtime.run('return 1', {}, options)],
  ['run', 'extensions', [...OPTIONS, EMPTY_PROXY], (extensions) => runtime.run('return 1', {}, { extensions })],
  ['run', 'onEffects', [...NOTHING, 'function'], (onEffects) => runtime.run('return 1', {}, { onEffects })],
  ['run', 'callTimeoutMs', [...NOTHING, 'number'], (callTimeoutMs) => runtime.run('return 1', {}, { callTimeoutMs })],
  ['precompileAll', 'units', ['bytes'], (units) => runtime.precompileAll(units)],
  ['precompileAll', 'units', [...TEXT, ...NO_PROMISES], (unit) => runtime.precompileAll([unit])],
  ['precompileAll', 'options', OPTIONS, (options) => runtime.precompileAll([], options)],
  ['precompileAll', 'concurrency', [...NOTHING, 'number'], (concurrency) => runtime.precompileAll([], { concurrency })],
  ['precompileAll', 'onProgress', [...NOTHING, 'function'], (onProgress) => runtime.precompileAll([], { onProgress })],
  ['precompileAll', 'signal', NOTHING, (signal) => runtime.precompileAll([], { signal })],
  ['warmup', 'handlers', ['undefined', 'bytes'], (handlers) => runtime.warmup(handlers)],
  ['warmup', 'handlers[0]', [...TEXT, 'bytes'], (handler) => runtime.warmup([handler])],
  ['warmup', 'options', OPTIONS, (options) => runtime.warmup([], options)],
  ['warmup', 'options.instances', NOTHING, (instances) => runtime.warmup([], { instances })],
  ['artifacts', 'namespace', TEXT, (namespace) => runtime.artifacts(namespace)],
  ['artifacts.get', 'key', TEXT, (key) => artifacts.get(key)],
  ['artifacts.getOrCreate', 'key', TEXT, (key) => artifacts.getOrCreate(key, () => 1)],
  ['artifacts.getOrCreate', 'create', ['function'], (create) => artifacts.getOrCreate('a key', create)],
  ['artifacts.delete', 'key', TEXT, (key) => artifacts.delete(key)],
  ['runtime.inferCapabilities', 'code', TEXT, (code) => runtime.inferCapabilities(code)],
  ['inferCapabilities', 'code', TEXT, (code) => inferCapabilities(code)],
  ['inferCapabilities', 'options', OPTIONS, (options) => inferCapabilities('return 1', options)],
  ['inferCapabilities', 'filename', [...NOTHING, 'string'], (filename) => inferCapabilities('return 1', { filename })],
  ['explainCapabilities', 'code', TEXT, (code) => explainCapabilities(code)],
  ['explainCapabilities', 'options', OPTIONS, (options) => explainCapabilities('return 1', options)],
  ['inspectCache', 'options', OPTIONS, (options) => runtime.inspectCache(options)],
  ['inspectCache', 'options.limit', [...NOTHING, 'number'], (limit) => runtime.inspectCache({ limit })],
  ['clearCache', 'tiers', OPTIONS, (tiers) => runtime.clearCache(tiers)],
  ['clearCache', 'tiers.memory', [...NOTHING, 'boolean'], (memory) => runtime.clearCache({ memory })],
  ['shutdown', 'drainTimeoutMs', [...NOTHING, 'number'], (drainTimeoutMs) => runtime.shutdown({ drainTimeoutMs })],
  ['HandlerCompiler.compile', 'code', TEXT, (code) => compiler.compile(code)],
  ['HandlerCompiler.compile', 'options', OPTIONS, (options) => compiler.compile('return 1', options)],
  ['HandlerCompiler.precompileAll', 'units', ['bytes'], (units) => compiler.precompileAll(units)],
  ['HandlerCompiler.clearCache', 'tiers', OPTIONS, (tiers) => compiler.clearCache(tiers)],
  ['HandlerCompiler', 'options', OPTIONS, (options) => new HandlerCompiler(options), 'INVALID_CONFIG'],
  ['createRuntime', 'options', OPTIONS, (options) => createRuntime(options), 'INVALID_CONFIG'],
  ['configFromEnv', 'env', ENVIRONMENTS, (env) => configFromEnv(env), 'INVALID_CONFIG'],
  ['compilerConfigFromEnv', 'env', ENVIRONMENTS, (env) => compilerConfigFromEnv(env), 'INVALID_CONFIG'],
];

const NAMED = ROWS.map(([method, argument, allowed, call, code = 'INVALID_ARGUMENT']) => ({
  method,
  argument,
  allowed,
  call,
  code,
}));

/** The error that a call throws or rejects with. */
async function faultOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(NAMED)('$method: $argument', ({ argument, allowed, call, code }) => {
  const kinds = (Object.keys(WRONG) as Kind[]).filter((kind) => !allowed.includes(kind));

  it.each(kinds)('a wrong value is refused by name: %s', async (kind) => {
    const error = await faultOf(() => call(WRONG[kind] as never));
    expect(error).toBeInstanceOf(NexusError);
    const { code: actual, message } = error as NexusError;
    expect({ actual, message }).toEqual({ actual: code, message: expect.stringMatching(nameOf(argument)) });
  });
});

/** Errors may name `tenant` for `options.tenant`, and a list entry by its index. An unknown option is named itself. */
function nameOf(argument: string): RegExp {
  return new RegExp(`${argument.replace(/^.*\./, '').replace(/\[0\]$/, '')}|Unknown option`);
}
