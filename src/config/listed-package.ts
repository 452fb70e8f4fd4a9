import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';

/** An entry of the option `modules.packages`. */
export interface ListedPackage {
  /** `lodash-es`, `@scope/name`. */
  readonly name: string;
  /** What is imported: the name, or a part of the package (`date-fns/locale`). */
  readonly specifier: string;
  /** Range of versions; any if absent. */
  readonly range?: string;
}

const ENTRY = /^((?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)((?:\/[\w.~-]+)*)(?:@([^@]{1,200}))?$/i;

/** @returns undefined if it is no name of a package, or has no range of versions behind `@` */
export function parsePackage(entry: string): ListedPackage | undefined {
  const [, name, part = '', range] = ENTRY.exec(entry) ?? [];
  if (name === undefined || part.split('/').some((segment) => segment === '.' || segment === '..')) return undefined;
  if (range !== undefined && validRange(range) === null) return undefined;
  return { name, specifier: name + part, ...(range !== undefined && { range }) };
}

export function isInRange(version: string, range: string): boolean {
  return satisfies(version, range);
}
