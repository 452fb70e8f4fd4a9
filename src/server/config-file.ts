import type { Extension } from '../api/extension.js';
import type { RuntimeOptions } from '../api/options.js';
import type { BuildOptions } from '../build/build-options.js';
import type { ServeOptions } from './serve-options.js';

/**
 * The content of a configuration file of the command `nexus`: the default export of `nexus.config.mjs` or `.js`, or `nexus.config.json`.
 *
 * One precedence holds for everything: options of the command line, then variables of the environment, then this file, then defaults.
 *
 * @example export default { runtime: { timeoutMs: 1_000 }, server: { port: 8787 } };
 */
export interface NexusConfig {
  /** Options of `createRuntime`. @default none */
  readonly runtime?: RuntimeOptions;
  /** Options of `nexus serve`. @default none */
  readonly server?: ServeOptions;
  /** Options of `nexus build`. @default none */
  readonly build?: Partial<Omit<BuildOptions, 'onProgress' | 'signal'>>;
  /** Extensions of `nexus serve`, and of `nexus run` without `--ext`. @default none */
  readonly extensions?: Readonly<Record<string, Extension>>;
}
