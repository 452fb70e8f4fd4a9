import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { isInRange, type ListedPackage } from '../config/listed-package.js';

/** A package of which something was bundled. */
export interface UsedPackage {
  readonly name: string;
  readonly version: string;
  /** Its folder, relative to where it was looked for. */
  readonly folder: string;
}

export interface VersionProblem {
  readonly name: string;
  readonly message: string;
}

const IN_PACKAGE = /^(.*(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+))\//;

/** The packages to which files belong. */
export async function packagesIn(files: readonly string[], resolveDir: string): Promise<UsedPackage[]> {
  const folders = new Map<string, string>();
  for (const file of files) {
    const [, folder, name] = IN_PACKAGE.exec(file.replaceAll('\\', '/')) ?? [];
    if (folder !== undefined && name !== undefined) folders.set(folder, name);
  }
  return await Promise.all(
    [...folders].map(async ([folder, name]) => {
      const text = await readFile(path.resolve(resolveDir, folder, 'package.json'), 'utf8').catch(() => '{}');
      const { version = '0.0.0' } = JSON.parse(text) as { version?: string };
      return { name, version, folder };
    }),
  );
}

/** Why these may not be used together, or do not match the list. Undefined if they do. */
export function describeVersions(
  used: readonly UsedPackage[],
  listed: readonly ListedPackage[],
): VersionProblem | undefined {
  for (const { name, range } of listed) {
    const found = used.filter((each) => each.name === name);
    const [first, second] = found;
    if (first === undefined) continue;
    if (second !== undefined) {
      const where = found.map(({ version, folder }) => `${version} in ${folder}`).join(' and ');
      return { name, message: `"${name}" is there in two versions: ${where}. Install one (npm dedupe)` };
    }
    if (range !== undefined && !isInRange(first.version, range)) {
      const message = `"${name}" is installed as ${first.version}, and modules.packages wants ${range}`;
      return { name, message };
    }
  }
  return undefined;
}
