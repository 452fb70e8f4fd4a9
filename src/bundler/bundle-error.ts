import type { PackageIdentity } from './package-of.js';

/** A place in a file of a library. Line and column start at 1. */
export interface BundlePlace {
  /** The path, relative to the directory from which is resolved. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is known of a failure. */
export interface BundleFailure {
  /** Why, without a name and a place, and what can be done about it. */
  readonly reason: string;
  /** The name of the entry; undefined if it is not known which. */
  readonly library?: string | undefined;
  readonly place?: BundlePlace | undefined;
  /** The package of the place. */
  readonly package?: PackageIdentity | undefined;
  /** The import that the failure is about. */
  readonly specifier?: string | undefined;
}

/** Libraries cannot be bundled. Its caller makes an error of it for its own caller. */
export class BundleError extends Error implements BundleFailure {
  override readonly name = 'BundleError';
  readonly reason: string;
  readonly library: string | undefined;
  readonly place: BundlePlace | undefined;
  readonly package: PackageIdentity | undefined;
  readonly specifier: string | undefined;

  constructor(failure: BundleFailure) {
    super(sentenceOf(failure));
    this.reason = failure.reason;
    this.library = failure.library;
    this.place = failure.place;
    this.package = failure.package;
    this.specifier = failure.specifier;
  }
}

function sentenceOf({ reason, place, package: of }: BundleFailure): string {
  const where = place === undefined ? '' : ` (${place.file}:${place.line}:${place.column}${inPackage(of)})`;
  return `${reason}${where}`;
}

/** `, lodash 4.17.21` */
export function inPackage(of: PackageIdentity | undefined): string {
  return of === undefined ? '' : `, ${of.name}${of.version === undefined ? '' : ` ${of.version}`}`;
}
