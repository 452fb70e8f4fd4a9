import path from 'node:path';
import { installedPackage, Packages } from '../bundler/package-of.js';
import { isInRange, type ListedPackage } from '../config/listed-package.js';

/** A package of which something was bundled. */
export interface UsedPackage {
  readonly name: string;
  readonly version: string;
  /** Absolute. */
  readonly folder: string;
}

export interface PackageProblem {
  readonly name: string;
  /** With the remedy. */
  readonly message: string;
}

/**
 * The installed packages to which files belong, in the order of their names.
 *
 * @param files relative to `resolveDir`, or absolute
 */
export async function packagesUsed(files: readonly string[], resolveDir: string): Promise<UsedPackage[]> {
  const folders = new Map<string, UsedPackage>();
  const packages = new Packages();
  for (const file of files) {
    const absolute = path.resolve(resolveDir, file);
    const folder = installedPackage(absolute)?.root;
    if (folder === undefined || folders.has(folder)) continue;
    const { name, version = '0.0.0' } = (await packages.of(absolute)) ?? { name: path.basename(folder) };
    folders.set(folder, { name, version, folder });
  }
  return [...folders.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Why these packages may not be used together, or do not match the list. Undefined if they do. */
export function describeVersions(
  used: readonly UsedPackage[],
  listed: readonly ListedPackage[],
): PackageProblem | undefined {
  for (const { name, range } of listed) {
    const found = used.filter((each) => each.name === name);
    const [first, second] = found;
    if (first === undefined) continue;
    if (second !== undefined) {
      const where = found.map(({ version, folder }) => `${version} in ${folder}`).join(' and ');
      return { name, message: `"${name}" is there in two versions, ${where}: install one (npm dedupe)` };
    }
    if (range !== undefined && !isInRange(first.version, range)) {
      const message = `"${name}" is installed as ${first.version}, and modules.packages wants ${range}: install one of these`;
      return { name, message };
    }
  }
  return undefined;
}
