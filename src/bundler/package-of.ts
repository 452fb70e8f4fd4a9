import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** A package as its `package.json` calls it. */
export interface PackageIdentity {
  readonly name: string;
  readonly version: string | undefined;
}

/** A folder of an installed package, by the path of one of its files. */
interface PackageFolder {
  readonly name: string;
  readonly root: string;
}

const INSTALLED = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)(?=[\\/]|$)/s;
const PACKAGE_NAME = /^(?:@[^/]+\/)?[^/]+/;

/** The installed package that a file is in; undefined for a file of the application. */
export function installedPackage(path: string): PackageFolder | undefined {
  const match = INSTALLED.exec(path);
  const [root, name] = match ?? [];
  return root === undefined || name === undefined ? undefined : { root, name: name.replaceAll('\\', '/') };
}

/** The package that an import names: `@scope/name` of `@scope/name/part`. */
export function packageNameOf(specifier: string): string {
  return PACKAGE_NAME.exec(specifier)?.[0] ?? specifier;
}

export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`) || path.startsWith(`${folder}\\`);
}

/** A path as messages have it: relative to a directory that it is in, and absolute otherwise. */
export function shownPath(path: string, directory: string): string {
  return path.startsWith('..') ? resolve(directory, path) : path;
}

/** Reads what packages say of themselves, each once. */
export class Packages {
  readonly #read = new Map<string, Promise<PackageIdentity | undefined>>();

  /** The package of a file. A file outside of `node_modules` is of the nearest folder with a `package.json` that has a name. */
  async of(path: string): Promise<PackageIdentity | undefined> {
    const installed = installedPackage(path);
    if (installed !== undefined) {
      const { name, version } = (await this.#at(installed.root)) ?? { ...installed, version: undefined };
      return { name, version };
    }
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      const found = await this.#at(folder);
      if (found !== undefined) return found;
      if (folder === dirname(folder)) return undefined;
    }
  }

  #at(folder: string): Promise<PackageIdentity | undefined> {
    const known = this.#read.get(folder) ?? readIdentity(join(folder, 'package.json'));
    this.#read.set(folder, known);
    return known;
  }
}

async function readIdentity(path: string): Promise<PackageIdentity | undefined> {
  try {
    const { name, version } = JSON.parse(await readFile(path, 'utf8')) as Partial<
      Record<keyof PackageIdentity, unknown>
    >;
    if (typeof name !== 'string') return undefined;
    return { name, version: typeof version === 'string' ? version : undefined };
  } catch {
    return undefined;
  }
}

/** Where a package lies that is found from a folder, links followed. A link leads, for example, to another package of a workspace. */
export async function linkedFolder(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = await realpath(join(folder, 'node_modules', name)).catch(() => undefined);
    if (found !== undefined) return found;
    if (folder === dirname(folder)) return undefined;
  }
}
