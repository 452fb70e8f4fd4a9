import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { CacheOptions } from '../api/options.js';
import type { SourceWrap } from '../api/source-options.js';
import { describe, invalidArgument, rejectUnknownKeys, requireObject } from '../config/check.js';

/** A handler of a build is finished. */
export interface BuildProgress {
  readonly done: number;
  readonly total: number;
  readonly name: string;
  readonly status: 'built' | 'unchanged' | 'failed';
}

/** Options of {@link buildHandlers}. */
export interface BuildOptions {
  /** Patterns of handler files, relative to `root`: `'handlers/**\/*.{js,ts}'`. A name is the path behind the part without wildcards. */
  readonly include: string | readonly string[];
  /** Patterns of files that are no handlers. @default ['**\/*.d.ts', '**\/*.test.*', '**\/node_modules/**'] */
  readonly exclude?: string | readonly string[];
  /** Folder of the sources: handlers import files of it, and packages that are found from it. @default the working directory */
  readonly root?: string | URL;
  /** Folder for artifacts and `manifest.json`, relative to `root`. */
  readonly outDir: string | URL;
  /** Packages that handlers may import, as in `modules.packages` of a runtime. @default none */
  readonly packages?: readonly string[];
  /**
   * Which packages become libraries of an image that the handlers share: `'shared'` those that at least two handlers import, `'all'`
   * every one that is imported, `'none'` none: each handler has its own copy. @default 'shared'
   */
  readonly hoist?: 'shared' | 'all' | 'none';
  /** As in `modules.lock`. New packages are added to it. @default 'nexus.lock' in `root` */
  readonly lock?: string | false;
  /** Whether packages that differ from the lock file replace what is in it. @default false */
  readonly updateLock?: boolean;
  /** As for a runtime; the runtime that loads the build needs the same. @default none */
  readonly cacheSecret?: CacheOptions['cacheSecret'];
  /** As for a runtime. @default none */
  readonly wrap?: SourceWrap;
  /** Longest handler with all that it imports, in bytes of UTF-8. @default 16 MiB */
  readonly maxSourceBytes?: number;
  /** Handlers that are compiled at the same time. @default the number of available cores */
  readonly concurrency?: number;
  /** Whether handlers are compiled again that have not changed. @default false */
  readonly force?: boolean;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

const KEYS = {
  include: true,
  exclude: true,
  root: true,
  outDir: true,
  packages: true,
  hoist: true,
  lock: true,
  updateLock: true,
  cacheSecret: true,
  wrap: true,
  maxSourceBytes: true,
  concurrency: true,
  force: true,
  onProgress: true,
  signal: true,
} as const satisfies { readonly [K in keyof Required<BuildOptions>]: true };

/** Options of a build with their defaults. */
export interface BuildConfig extends BuildOptions {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Absolute. */
  readonly root: string;
  /** Absolute. */
  readonly outDir: string;
  readonly packages: readonly string[];
  readonly hoist: 'shared' | 'all' | 'none';
}

const HOISTS = ['shared', 'all', 'none'];

/** @throws NexusError INVALID_ARGUMENT */
export function resolveBuild(options: BuildOptions): BuildConfig {
  requireObject('options', options);
  rejectUnknownKeys(options, Object.keys(KEYS), 'options.', 'INVALID_ARGUMENT');
  const root = folder('root', options.root ?? process.cwd(), process.cwd());
  const { hoist = 'shared', packages = [] } = options;
  if (!HOISTS.includes(hoist)) throw invalidArgument('options.hoist', hoist, `one of ${HOISTS.join(', ')}`);
  if (!Array.isArray(packages)) throw invalidArgument('options.packages', describe(packages), 'a list of names');
  for (const name of ['updateLock', 'force'] as const) {
    if (options[name] === undefined || typeof options[name] === 'boolean') continue;
    throw invalidArgument(`options.${name}`, options[name], 'true or false');
  }
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function') {
    throw invalidArgument('options.onProgress', describe(options.onProgress), 'a function');
  }
  return {
    ...options,
    include: patterns('include', options.include),
    exclude: patterns('exclude', options.exclude ?? ['**/*.d.ts', '**/*.test.*', '**/node_modules/**']),
    root,
    outDir: folder('outDir', options.outDir, root),
    packages,
    hoist,
  };
}

function patterns(name: string, given: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(given) ? given : [given];
  if (list.length > 0 && list.every((pattern) => typeof pattern === 'string' && pattern !== ''))
    return list as string[];
  throw invalidArgument(`options.${name}`, given, "a pattern like 'handlers/**/*.{js,ts}', or a list of them");
}

function folder(name: string, given: unknown, base: string): string {
  if (given instanceof URL && given.protocol === 'file:') return fileURLToPath(given);
  if (typeof given === 'string' && given !== '') return path.resolve(base, given);
  throw invalidArgument(`options.${name}`, given, 'a path or a file URL');
}
