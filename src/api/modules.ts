/**
 * What handlers may import. Own files come from a folder or a map, and packages from a list. All of it is bundled by the installed
 * esbuild (`npm install esbuild`) when a handler that imports is compiled.
 *
 * @example { from: 'handlers', packages: ['lodash-es', 'date-fns@^4'] }
 */
export interface ModulesOptions {
  /**
   * Folder with files that handlers may import by relative paths, relative to the working directory. Nothing outside of it can be
   * imported, symbolic links included. A file is read when a handler that imports it is linked for the first time. @default none
   */
  readonly from?: string | URL;
  /** Files by path (`'lib/money.ts'`), which come before those of the folder. @default none */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Packages that handlers may import, with a range of versions if wanted: `'lodash-es'`, `'date-fns@^4'`, `'@scope/name/part'`. They
   * are found where the folder is, otherwise in the working directory, and initialised once in the image from which all handlers of
   * this runtime start. Other parts of a listed package become part of the handler that imports them. @default none
   */
  readonly packages?: readonly string[];
  /**
   * Those of the packages that are initialised once in the image, as `packages` names them without versions. The others become part of
   * each handler that imports them, which suits a package of which few handlers use a little. @default all
   */
  readonly hoist?: readonly string[];
  /**
   * File that records name, version and integrity of every package that is bundled. If it exists, other versions are refused; it is
   * written by `buildHandlers`. @default 'nexus.lock' in the folder, or in the working directory
   */
  readonly lock?: string | false;
}
