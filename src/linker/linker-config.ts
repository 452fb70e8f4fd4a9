import type { ListedPackage } from '../config/listed-package.js';
import type { ModuleFiles } from './module-files.js';

/** The option `modules` of a runtime, and what its image has. */
export interface LinkerConfig {
  readonly files: ModuleFiles | undefined;
  /** Of the files, if they are in a folder. Absolute. */
  readonly folder: string | undefined;
  readonly packages: readonly ListedPackage[];
  /** Names of the libraries in the image. */
  readonly libraries: ReadonlySet<string>;
  /** Where packages are looked for. Absolute. */
  readonly resolveDir: string;
  readonly maxSourceBytes: number;
}
