import { SourceMap } from 'node:module';

import type { BundleInput, LibraryBundle } from './bundle-libraries.js';
import { installedPackage, isInside } from './package-of.js';

/** A place in a bundle's script. Line and column start at 1. */
export interface ScriptPlace {
  readonly line: number;
  readonly column: number;
}

/** A place in a file that a bundle was made of. */
export interface BundledPlace extends ScriptPlace {
  /** As the map calls it: relative to the directory from which was resolved. */
  readonly file: string;
  /** Undefined for a file that the bundle does not know. */
  readonly input: BundleInput | undefined;
}

/** Finds the places in original files that places in a bundle come from. */
export class BundledPlaces {
  readonly #map: SourceMap;
  readonly #inputs: readonly BundleInput[];

  constructor({ sourceMap, inputs }: LibraryBundle) {
    this.#map = new SourceMap(JSON.parse(sourceMap));
    this.#inputs = inputs;
  }

  /** Undefined for what the bundler wrote. */
  at({ line, column }: ScriptPlace): BundledPlace | undefined {
    const found = this.#map.findEntry(line - 1, column - 1);
    if (!('originalSource' in found) || found.originalSource === undefined) return undefined;
    const file = found.originalSource;
    return { file, line: found.originalLine + 1, column: found.originalColumn + 1, input: this.#inputAt(file) };
  }

  /** The file, or one of its package: a package may have maps of its own, of sources that it does not contain. */
  #inputAt(file: string): BundleInput | undefined {
    const root = installedPackage(file)?.root;
    const isNear = ({ path }: BundleInput) => root !== undefined && isInside(path, root);
    return this.#inputs.find(({ path }) => path === file) ?? this.#inputs.find(isNear);
  }
}
