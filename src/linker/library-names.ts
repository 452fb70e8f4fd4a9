import { packageNameOf } from '../bundler/package-of.js';
import type { ListedPackage } from '../config/listed-package.js';

/** The imports that are bound to libraries of the image when a handler runs. */
export interface LibraryNames {
  has(specifier: string): boolean;
  /** For messages, and for modules that import nothing else. */
  readonly names: readonly string[];
}

export function libraryNames(names: Iterable<string>): LibraryNames {
  const set = new Set(names);
  return { has: (specifier) => set.has(specifier), names: [...set].sort() };
}

/** Every part of these packages, as if it were a library: to find out what a handler imports of them. */
export function everythingOf(packages: readonly ListedPackage[]): LibraryNames {
  const set = new Set(packages.map(({ name }) => name));
  return { has: (specifier) => set.has(packageNameOf(specifier)), names: [] };
}
