import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { RuntimeOptions } from '../api/options.js';
import { invalidOption, rejectUnknownKeys, requireObject } from '../config/check.js';
import { configFromEnv } from '../config/env.js';
import { variableOf } from '../config/option-table.js';
import { NexusError } from '../errors/nexus-error.js';
import type { NexusConfig } from '../server/config-file.js';
import { parseJsonFile } from './support/json-input.js';

const KEYS: { readonly [K in keyof Required<NexusConfig>]: true } = {
  runtime: true,
  storeUrl: true,
  server: true,
  build: true,
  extensions: true,
};
const NAMES = ['nexus.config.mjs', 'nexus.config.js', 'nexus.config.json'];

/** The configuration of a command: file, environment and command line. */
export class Configuration {
  readonly #path: string | undefined;
  readonly #flags: Readonly<Record<string, string>>;
  #file: Promise<NexusConfig> | undefined;

  /**
   * @param path as `--config` says
   * @param flags options of the runtime, as the command line has them
   */
  constructor(path: string | undefined, flags: Readonly<Record<string, string>>) {
    this.#path = path;
    this.#flags = flags;
  }

  /** @throws NexusError INVALID_CONFIG naming the file */
  file(): Promise<NexusConfig> {
    this.#file ??= this.#read();
    return this.#file;
  }

  /** Options for `createRuntime`. @throws NexusError INVALID_CONFIG naming the option, the variable or the file */
  async runtime(): Promise<RuntimeOptions> {
    const { runtime = {} } = await this.file();
    return { ...runtime, ...this.outside() };
  }

  /** Of the options of the runtime, those that are not of the file. @throws NexusError INVALID_CONFIG naming the option or the variable */
  outside(): RuntimeOptions {
    return { ...configFromEnv(), ...this.#fromFlags() };
  }

  /** The server that keeps suspended handlers. @throws NexusError INVALID_CONFIG if it is no text */
  async storeUrl(): Promise<string | undefined> {
    const { storeUrl } = await this.file();
    const given = process.env['NEXUS_STORE_URL']?.trim() || storeUrl;
    if (given === undefined || typeof given === 'string') return given;
    throw invalidOption('storeUrl', given, 'a text such as redis://localhost:6379');
  }

  #fromFlags(): RuntimeOptions {
    const env = Object.fromEntries(
      Object.entries(this.#flags).map(([name, value]) => [`NEXUS_${variableOf(name)}`, value]),
    );
    try {
      return configFromEnv(env);
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      // It names the variable; the user wrote an option.
      const message = error.message.replace(
        /NEXUS_([A-Z_]+) \(environment\)/,
        (_, name: string) => `--${name.toLowerCase().replaceAll('_', '-')}`,
      );
      throw new NexusError(error.code, message, { context: error.context });
    }
  }

  async #read(): Promise<NexusConfig> {
    const path = this.#path === undefined ? await find() : resolve(this.#path);
    if (path === undefined) return {};
    const config = await load(path);
    try {
      requireObject(path, config);
      rejectUnknownKeys(config, Object.keys(KEYS), '');
      for (const [name, value] of Object.entries(config)) if (name !== 'storeUrl') requireObject(name, value);
    } catch (error) {
      if (error instanceof NexusError)
        throw new NexusError('INVALID_CONFIG', `${path}: ${error.message}`, { context: error.context });
      throw error;
    }
    return config;
  }
}

async function find(): Promise<string | undefined> {
  for (const name of NAMES) {
    const path = resolve(name);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function load(path: string): Promise<NexusConfig> {
  if (path.endsWith('.json')) return (await parseJsonFile(path)) as NexusConfig;
  try {
    await readFile(path);
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: NexusConfig };
    if (module.default !== undefined) return module.default;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NexusError('INVALID_CONFIG', `The configuration ${path} cannot be loaded: ${reason}`, { cause });
  }
  throw new NexusError(
    'INVALID_CONFIG',
    `The configuration ${path} has no default export; write export default { … }.`,
  );
}
