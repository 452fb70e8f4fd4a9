export type {
  HandlerDescription,
  Manifest,
  ManifestHandler,
  ManifestLibraries,
} from '../api/manifest.js';
export { buildHandlers } from './build-handlers.js';
export type { BuildOptions, BuildProgress } from './build-options.js';
export type { BuildFailure, BuildReport } from './build-report.js';
export { type BuildWatcher, type WatchedBuild, watchBuild } from './watch-build.js';
