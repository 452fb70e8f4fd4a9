import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BuildOptions, type BuildReport, buildHandlers } from '#src/build/index.js';
import { type PackageTree, packageTree } from '../support/package-tree.js';

/** Handlers, files and packages in a new folder, to be built into `out`. */
export interface BuildTree extends PackageTree {
  build(options?: Partial<BuildOptions>): Promise<BuildReport>;
  readonly options: BuildOptions;
}

/** @param linked real packages of this project */
export async function buildTree(
  files: Readonly<Record<string, string | object>>,
  options: Partial<BuildOptions> = {},
  linked: readonly string[] = [],
): Promise<BuildTree> {
  const tree = await packageTree({ 'node_modules/.keep': '', ...files });
  for (const name of linked) await symlink(resolve('node_modules', name), join(tree.directory, 'node_modules', name));
  const all: BuildOptions = {
    include: 'handlers/**/*.{js,ts}',
    outDir: 'out',
    root: tree.directory,
    concurrency: 2,
    ...options,
  };
  return { ...tree, options: all, build: (more = {}) => buildHandlers({ ...all, ...more }) };
}
