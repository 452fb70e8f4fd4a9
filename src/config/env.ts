import type { CacheOptions, LimitOptions, PoolOptions, RuntimeOptions, SuspensionOptions } from '../api/options.js';
import { invalidOption, readArgument, requireObject } from './check.js';

/** Options that only concern executions. */
const EXECUTION_LIMITS = [
  'timeoutMs',
  'maxHostCalls',
  'maxStateMutations',
  'maxEvents',
  'maxViewCommands',
  'maxLogBytes',
  'maxContextBytes',
  'maxResultBytes',
  'maxResultPaths',
  'maxInstructions',
  'maxCpuMs',
] as const satisfies readonly (keyof LimitOptions)[];

const SUSPENSION_NUMBERS = [
  'suspensionTtlMs',
  'maxSuspensionBytes',
  'maxSuspensions',
  'maxSuspendedBytes',
] as const satisfies readonly (keyof SuspensionOptions)[];

/** Options that a HandlerCompiler does not have. */
const RUNTIME_ONLY = [
  'metrics',
  'metering',
  'suspensionDir',
  'suspensionSecret',
  ...SUSPENSION_NUMBERS,
  ...EXECUTION_LIMITS,
];

const NUMBERS = [
  'maxCacheSizeBytes',
  'maxDiskCacheSizeBytes',
  'maxSourceBytes',
  'maxInstances',
  'minInstances',
  'idleTimeoutMs',
  'maxQueue',
  'maxQueuePerTenant',
  'maxInstancesPerTenant',
  'queueTimeoutMs',
  'killGraceMs',
  'compileTimeoutMs',
  'memoryLimitBytes',
  'stackSizeBytes',
  ...SUSPENSION_NUMBERS,
  ...EXECUTION_LIMITS,
] as const satisfies readonly (keyof RuntimeOptions)[];

const SWITCHES = ['metrics', 'metering', 'retryOnCrash'] as const satisfies readonly (keyof RuntimeOptions)[];

export type CompilerEnvironment = CacheOptions & Omit<PoolOptions, 'libraries'>;
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads options from the environment: every scalar option in upper snake case, with or without the prefix
 * `NEXUS_` (which has precedence): `CACHE_DIR`, `NEXUS_MAX_INSTANCES`, … `CACHE_DIR=false` and
 * `METRICS=false` turn the cache and the metrics off; `CACHE_SECRET` and `SUSPENSION_SECRET` may hold
 * several, separated by commas.
 *
 * @throws NexusError INVALID_CONFIG naming the variable with an invalid value
 */
export function configFromEnv(env: Environment = process.env): RuntimeOptions {
  return readArgument('env', () => readEnvironment(env), 'INVALID_CONFIG');
}

function readEnvironment(env: Environment): RuntimeOptions {
  requireObject('env', env);
  const options: Record<string, unknown> = {};
  const cacheDir = lookUp(env, 'cacheDir')?.value;
  if (cacheDir !== undefined) options['cacheDir'] = cacheDir === 'false' ? false : cacheDir;
  const suspensionDir = lookUp(env, 'suspensionDir')?.value;
  if (suspensionDir !== undefined) options['suspensionDir'] = suspensionDir;
  for (const option of ['cacheSecret', 'suspensionSecret']) {
    const secrets = lookUp(env, option)?.value;
    if (secrets !== undefined) options[option] = secrets.split(',').map((secret) => secret.trim());
  }
  const isolation = lookUp(env, 'isolation')?.value;
  if (isolation !== undefined) options['isolation'] = isolation;
  const onLogOverflow = lookUp(env, 'onLogOverflow')?.value;
  if (onLogOverflow !== undefined) options['onLogOverflow'] = onLogOverflow;
  for (const option of SWITCHES) {
    const found = lookUp(env, option);
    if (found === undefined) continue;
    if (found.value !== 'true' && found.value !== 'false') {
      throw invalidOption(`${found.name} (environment)`, found.value, 'true or false');
    }
    options[option] = found.value === 'true';
  }
  for (const option of NUMBERS) {
    const found = lookUp(env, option);
    if (found === undefined) continue;
    const number = Number(found.value);
    if (!Number.isInteger(number)) throw invalidOption(`${found.name} (environment)`, found.value, 'a whole number');
    options[option] = number;
  }
  return options as RuntimeOptions;
}

/**
 * The part of {@link configFromEnv} that a HandlerCompiler takes.
 *
 * @throws NexusError INVALID_CONFIG naming the variable with an invalid value
 */
export function compilerConfigFromEnv(env: Environment = process.env): CompilerEnvironment {
  const options: Record<string, unknown> = { ...configFromEnv(env) };
  for (const option of RUNTIME_ONLY) delete options[option];
  return options as CompilerEnvironment;
}

/** An empty variable counts as unset. */
function lookUp(env: Environment, option: string): { name: string; value: string } | undefined {
  const plain = option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  for (const name of [`NEXUS_${plain}`, plain]) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}
