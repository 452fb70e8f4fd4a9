import type { ListedPackage } from '../config/listed-package.js';
import type { LibraryNames } from './library-names.js';
import type { ModuleFiles } from './module-files.js';
import type { PackageCheck } from './package-check.js';

/** The option `modules` of a runtime, and what its image has. */
export interface LinkerConfig {
  readonly files: ModuleFiles | undefined;
  /** Of the files, if they are in a folder. Absolute. */
  readonly folder: string | undefined;
  readonly packages: readonly ListedPackage[];
  /** The libraries in the image. */
  readonly libraries: LibraryNames;
  /** Where packages are looked for. Absolute. */
  readonly resolveDir: string;
  readonly check: PackageCheck;
  readonly maxSourceBytes: number;
}
