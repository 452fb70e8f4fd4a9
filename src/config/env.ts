import type { CacheOptions, PoolOptions, RuntimeOptions } from '../api/options.js';
import { invalidOption, readArgument, requireObject } from './check.js';
import type { OptionDescriptor } from './option-descriptor.js';
import { OPTION_TABLE, optionNames, variableOf } from './option-table.js';

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
  for (const name of optionNames()) {
    const option: OptionDescriptor = OPTION_TABLE[name];
    const found = lookUp(env, name, option);
    const value = found && readVariable(option, found);
    if (value !== undefined) options[name] = value;
  }
  return options as RuntimeOptions;
}

/** @returns undefined for an option that has no variable */
function readVariable(option: OptionDescriptor, { name, value }: Variable): unknown {
  switch (option.kind) {
    case 'number': {
      const number = Number(value);
      if (!Number.isInteger(number)) throw invalidOption(`${name} (environment)`, value, 'a whole number');
      return number;
    }
    case 'switch':
      return onOrOff(name, value);
    case 'object':
      return option.onOrOff && onOrOff(name, value);
    case 'path':
      return option.orFalse && value === 'false' ? false : value;
    case 'secrets':
      return value.split(',').map((secret) => secret.trim());
    case 'choice':
    case 'name':
      return value;
  }
}

function onOrOff(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalidOption(`${name} (environment)`, value, 'true or false');
}

/**
 * The part of {@link configFromEnv} that a HandlerCompiler takes.
 *
 * @throws NexusError INVALID_CONFIG naming the variable with an invalid value
 */
export function compilerConfigFromEnv(env: Environment = process.env): CompilerEnvironment {
  const options: Record<string, unknown> = { ...configFromEnv(env) };
  for (const name of optionNames('limits', 'suspension', 'runtime')) delete options[name];
  return options as CompilerEnvironment;
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** An empty variable counts as unset. */
function lookUp(env: Environment, option: string, descriptor: OptionDescriptor): Variable | undefined {
  const plain = variableOf(option);
  const isPrefixed = descriptor.kind === 'object' && descriptor.isPrefixed === true;
  for (const name of isPrefixed ? [`NEXUS_${plain}`] : [`NEXUS_${plain}`, plain]) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}
