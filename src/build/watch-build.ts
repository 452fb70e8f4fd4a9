import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

import { clearTimeout, setTimeout } from '../support/timers.js';
import { buildHandlers } from './build-handlers.js';
import { type BuildOptions, resolveBuild } from './build-options.js';
import type { BuildReport } from './build-report.js';

/** Changes within this time are built together: an editor writes a file in several steps. */
const SETTLE_MS = 50;

/** What {@link watchBuild} found: a build, or why there is none. */
export type WatchedBuild = { readonly report: BuildReport } | { readonly error: unknown };

export interface BuildWatcher extends AsyncDisposable {
  /** Resolves when the build that is under way has ended. */
  close(): Promise<void>;
}

/**
 * Builds handlers, and builds again whenever a file below the root changes.
 *
 * @param onBuild called after every build
 * @throws NexusError INVALID_ARGUMENT naming the option
 *
 * @example
 * const watcher = watchBuild({ include: 'handlers/**\/*.ts', outDir: 'out' }, (build) => console.log(build));
 */
export function watchBuild(options: BuildOptions, onBuild: (build: WatchedBuild) => void): BuildWatcher {
  const { root, outDir } = resolveBuild(options);
  let building: Promise<void> | undefined;
  let isStale = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const build = async (): Promise<void> => {
    do {
      isStale = false;
      const built = await buildHandlers(options).then(
        (report) => ({ report }),
        (error: unknown) => ({ error }),
      );
      if (!isClosed) onBuild(built);
    } while (isStale && !isClosed);
    building = undefined;
  };
  const start = () => {
    if (isClosed) return;
    if (building === undefined) building = build();
    else isStale = true;
  };
  const watcher: FSWatcher = watch(root, { recursive: true }, (_event, name) => {
    if (name === null || isIgnored(path.resolve(root, name), outDir)) return;
    clearTimeout(timer);
    timer = setTimeout(start, SETTLE_MS);
  });
  start();
  const close = async (): Promise<void> => {
    isClosed = true;
    clearTimeout(timer);
    watcher.close();
    await building;
  };
  return { close, [Symbol.asyncDispose]: close };
}

function isIgnored(file: string, outDir: string): boolean {
  if (file === outDir || file.startsWith(outDir + path.sep)) return true;
  return file.includes(`${path.sep}node_modules${path.sep}`) || file.endsWith('.tmp') || file.endsWith('nexus.lock');
}
