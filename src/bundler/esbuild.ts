import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Esbuild from 'esbuild';

import { cut, MAX_REASON } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';

export type {
  BuildOptions,
  BuildResult,
  Message,
  Metafile,
  OnResolveArgs,
  Plugin,
  PluginBuild,
  ResolveResult,
} from 'esbuild';
export type Bundler = Pick<typeof Esbuild, 'context' | 'version'>;

/** The oldest version that is tested. */
const OLDEST = [0, 25] as const;
const REMEDY = 'Install it: npm install esbuild';

/** Those that were found, by the directory from which it was looked for. */
const found = new Map<string, Bundler>();

/**
 * Loads the installed esbuild: the one that is found from a directory, otherwise the one beside this library. Its process is started by
 * the first bundle, and does not keep the application's process alive.
 *
 * @param directory that of the application
 * @throws NexusError INVALID_CONFIG with the remedy if there is none, or only one that is too old
 */
export function loadBundler(directory: string): Bundler {
  const known = found.get(directory);
  if (known !== undefined) return known;
  const reasons: string[] = [];
  for (const from of [join(directory, 'from.js'), import.meta.url]) {
    const loaded = load(from, reasons);
    if (loaded === undefined) continue;
    found.set(directory, loaded);
    return loaded;
  }
  const [reason = `it is not installed in ${directory}, nor beside nexus-runtime`] = reasons;
  throw new NexusError(
    'INVALID_CONFIG',
    `Bundling packages and modules needs the package esbuild, version ${OLDEST.join('.')} or later: ${reason}. ${REMEDY}`,
    { context: { package: 'esbuild', directory } },
  );
}

function load(from: string, reasons: string[]): Bundler | undefined {
  const require = createRequire(from);
  let path: string;
  try {
    path = require.resolve('esbuild');
  } catch {
    return undefined;
  }
  try {
    const loaded = require(path) as Partial<Bundler>;
    if (isRecent(loaded.version) && typeof loaded.context === 'function') return loaded as Bundler;
    reasons.push(`${path} has version ${loaded.version ?? 'unknown'}`);
  } catch (error) {
    reasons.push(`${path} cannot be loaded: ${cut(String(error), MAX_REASON)}`);
  }
  return undefined;
}

function isRecent(version = ''): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
