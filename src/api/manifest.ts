import type { CapabilityToken } from './capability.js';
import type { JsonSchema } from './schema.js';

/** What is known of a handler without executing it. */
export interface HandlerDescription {
  /** Names that the option `entry` can choose; `['default']` for a function, and absent for a body. */
  readonly entries?: readonly string[];
  /** The capabilities that it needs at most, with what it imports. */
  readonly capabilities: readonly CapabilityToken[];
  /** Libraries and packages of the image that it imports. */
  readonly imports: readonly string[];
  /** Paths of all files in it; empty if it is one file. */
  readonly files: readonly string[];
  readonly sizes: {
    /** The author's source, in bytes of UTF-8. */
    readonly sourceBytes: number;
    /** The source with all that is in it. */
    readonly linkedBytes: number;
    readonly bytecodeBytes: number;
  };
}

/** A handler of a build. */
export interface ManifestHandler extends HandlerDescription {
  /** Paths of the handler's own files in it; empty if it is one file. */
  readonly files: readonly string[];
  /** The artifact, relative to the manifest. */
  readonly file: string;
  /** Hex SHA-256 of the artifact. */
  readonly digest: string;
  /** The source file, relative to the folder of the build. */
  readonly source: string;
  /** Packages of which something is in the artifact. */
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  /** What the module exports as `schema`: calls of its default export are checked with it. */
  readonly schema?: { readonly args?: JsonSchema; readonly result?: JsonSchema };
}

/** Libraries that the handlers of a build share. */
export interface ManifestLibraries {
  readonly id: string;
  readonly file: string;
  readonly digest: string;
  readonly names: readonly string[];
  readonly packages: readonly { readonly name: string; readonly version: string }[];
}

/** The file `manifest.json` of a build: `buildHandlers` writes it, and `runtime.load` reads it. */
export interface Manifest {
  readonly manifestVersion: 1;
  /** Fingerprint of the engine for which it was compiled. */
  readonly engine: string;
  readonly libraries?: ManifestLibraries;
  readonly handlers: Readonly<Record<string, ManifestHandler>>;
  /** HMAC-SHA256 of everything else, if the build had a `cacheSecret`. */
  readonly mac?: string;
}
