import type { ManifestLibraries } from '../api/manifest.js';
import { BundleError } from '../bundler/bundle-error.js';
import { bundleLibraries, librarySourceOf } from '../bundler/bundle-libraries.js';
import { sealInSlices } from '../cache/sliced-artifact.js';
import type { LibraryNeeds } from '../capabilities/library-needs.js';
import { invalidArgument } from '../config/check.js';
import { packagesUsed, type UsedPackage } from '../linker/used-packages.js';
import { packLibraries } from '../protocol/library-set.js';
import { LIBRARIES_NAMESPACE } from '../runtime/manifest/manifest-file.js';
import { needsOfLibraries } from '../runtime/needs-of-libraries.js';
import { sha256Hex } from '../support/sha256-hex.js';

/** The libraries that several handlers of a build share. */
export interface SharedLibraries {
  readonly manifest: ManifestLibraries;
  readonly sealed: Uint8Array;
  readonly used: readonly UsedPackage[];
  /** What each needs of the application, by its name. */
  readonly needs: LibraryNeeds;
}

export interface SharedLibrariesOptions {
  readonly root: string;
  readonly maxSourceBytes: number;
  /** Fingerprint. */
  readonly engine: string;
  readonly secret: Uint8Array | undefined;
}

/** @throws NexusError INVALID_ARGUMENT naming the package that cannot be a library */
export async function bundleShared(
  specifiers: readonly string[],
  { root, maxSourceBytes, engine, secret }: SharedLibrariesOptions,
): Promise<SharedLibraries | undefined> {
  if (specifiers.length === 0) return undefined;
  const entries = specifiers.map((specifier) => ({ name: specifier, specifier }));
  const bundle = await bundleLibraries(entries, { resolveDir: root, maxBytes: maxSourceBytes }).catch(
    (error: unknown) => {
      if (!(error instanceof BundleError)) throw error;
      throw invalidArgument('options.packages', error.library, `packages that handlers can have: ${error.message}`);
    },
  );
  const content = packLibraries([librarySourceOf(bundle)]);
  const id = sha256Hex(content);
  const header = { key: id, namespace: LIBRARIES_NAMESPACE, filename: '', source: '', engine };
  const sealed = await sealInSlices(header, content, secret);
  const used = await packagesUsed(
    bundle.inputs.map(({ path }) => path),
    root,
  );
  const packages = used.map(({ name, version }) => ({ name, version }));
  const manifest = {
    id,
    file: `libraries-${id.slice(0, 16)}.qjsl`,
    digest: sha256Hex(sealed),
    names: specifiers,
    packages,
  };
  return { manifest, sealed, used, needs: needsOfLibraries([], bundle) };
}
