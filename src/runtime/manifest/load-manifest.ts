import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ManifestHandler, ManifestLibraries } from '../../api/manifest.js';
import { ArtifactError } from '../../cache/artifact.js';
import { MAX_ARTIFACT_BYTES, openInSlices } from '../../cache/sliced-artifact.js';
import { type HandlerLoader, LoadedHandler } from '../../compiler/handler-loader.js';
import { invalidArgument } from '../../config/check.js';
import type { RuntimeConfig } from '../../config/resolve.js';
import type { LibrarySets } from '../../execution/library-sets.js';
import type { LibrarySet } from '../../protocol/library-set.js';
import { sha256 } from '../../support/bytes/byte-slices.js';
import { asShared, toShared } from '../../support/bytes/shared-bytes.js';
import { readBoundedFile } from '../../support/files/bounded-file.js';
import { sha256Hex } from '../../support/sha256-hex.js';
import { invalidManifest, LIBRARIES_NAMESPACE, readManifest } from './manifest-file.js';

/** Of some hundred thousand handlers. */
const MAX_MANIFEST_BYTES = 256 * 1024 * 1024;

/** A build that was loaded. */
export interface LoadedManifest {
  readonly handlers: Readonly<Record<string, ManifestHandler>>;
  /** @throws NexusError INVALID_ARTIFACT */
  handler(name: string): Promise<LoadedHandler>;
}

export interface ManifestReader {
  readonly config: RuntimeConfig;
  /** Fingerprint. */
  readonly engine: string;
  readonly loader: HandlerLoader;
  readonly librarySets: LibrarySets;
}

/** @throws NexusError INVALID_ARTIFACT, INVALID_ARGUMENT if the file cannot be read */
export async function loadManifest(given: string | URL, reader: ManifestReader): Promise<LoadedManifest> {
  const file = pathOf(given);
  const { config, engine } = reader;
  const bytes = await readBoundedFile(file, MAX_MANIFEST_BYTES).catch((error: Error) => {
    throw invalidArgument('manifest', file, `a file that buildHandlers wrote: ${error.message}`);
  });
  const manifest = readManifest(bytes.toString('utf8'), file, engine, config.cache.cacheSecrets);
  const folder = path.dirname(file);
  const { libraries, handlers } = manifest;
  const librarySet = libraries && reader.librarySets.add(await openLibraries(folder, libraries, reader));
  const opened = new Map<string, Promise<LoadedHandler>>();
  const open = async (name: string): Promise<LoadedHandler> => {
    const entry = handlers[name] as ManifestHandler;
    const artifact = await readChecked(folder, entry);
    const attempt = await reader.loader.load({ artifact });
    if (!attempt.ok) throw invalidManifest(file, `has an artifact for ${name} that cannot be loaded`);
    return new LoadedHandler({ ...attempt.handler, ...(librarySet && { librarySet }) });
  };
  return {
    handlers,
    handler(name) {
      const known = opened.get(name) ?? open(name);
      opened.set(name, known);
      // A file that could not be read may be there later.
      known.catch(() => opened.delete(name));
      return known;
    },
  };
}

async function openLibraries(
  folder: string,
  libraries: ManifestLibraries,
  { config, engine }: ManifestReader,
): Promise<LibrarySet> {
  const { cacheSecrets: secrets, maxSourceBytes } = config.cache;
  const sealed = await readChecked(folder, libraries);
  try {
    const { header, content } = await openInSlices(sealed, { engine, secrets, maxSourceBytes });
    if (header.namespace !== LIBRARIES_NAMESPACE) throw new ArtifactError('header', 'holds no libraries');
    // Sets of one name are one set.
    if (sha256Hex(content) !== libraries.id) throw new ArtifactError('header', 'has libraries of another id');
    return { id: libraries.id, packed: content.buffer === sealed.buffer ? toShared(content) : asShared(content) };
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error;
    throw invalidManifest(path.join(folder, libraries.file), error.message);
  }
}

async function readChecked(
  folder: string,
  { file, digest }: { readonly file: string; readonly digest: string },
): Promise<Buffer> {
  const place = path.join(folder, file);
  const bytes = await readBoundedFile(place, MAX_ARTIFACT_BYTES).catch((error: Error) => {
    throw invalidManifest(place, `names a file that cannot be read: ${error.message}`);
  });
  if ((await sha256(bytes)).toString('hex') === digest) return bytes;
  throw invalidManifest(place, 'has another digest for this file: one of them is of another build');
}

function pathOf(manifest: unknown): string {
  if (manifest instanceof URL && manifest.protocol === 'file:') return fileURLToPath(manifest);
  if (typeof manifest === 'string' && manifest !== '') return path.resolve(manifest);
  throw invalidArgument('manifest', manifest, 'the path or file URL of a manifest.json');
}
