import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Manifest, ManifestHandler } from '../../api/manifest.js';
import { nameInMessage } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';

export const MANIFEST_VERSION = 1;
export const MANIFEST_NAME = 'manifest.json';
/** The namespace of the libraries of a build, sealed as an artifact. */
export const LIBRARIES_NAMESPACE = 'libraries';

/** With a MAC, if there is a secret. */
export function renderManifest(manifest: Omit<Manifest, 'mac'>, secret: Uint8Array | undefined): string {
  const sealed = secret === undefined ? manifest : { ...manifest, mac: macOf(manifest, secret) };
  return `${JSON.stringify(sealed, undefined, 2)}\n`;
}

/**
 * @param name of the file, for messages
 * @param secrets of which one must have sealed it; none for a manifest without a MAC
 * @throws NexusError INVALID_ARTIFACT
 */
export function readManifest(text: string, name: string, engine: string, secrets: readonly Uint8Array[]): Manifest {
  const manifest = parse(text, name);
  if (manifest.manifestVersion !== MANIFEST_VERSION) {
    throw invalidManifest(
      name,
      `has manifestVersion ${String(manifest.manifestVersion)}, and this version reads ${MANIFEST_VERSION}`,
    );
  }
  const problem = shapeProblem(manifest);
  if (problem !== undefined) throw invalidManifest(name, problem);
  if (!hasMac(manifest, secrets)) {
    const reason =
      secrets.length === 0
        ? 'was sealed with a cacheSecret, which this runtime does not have'
        : 'was not sealed with the cacheSecret of this runtime, or was changed since';
    throw invalidManifest(name, reason);
  }
  if (manifest.engine !== engine) {
    throw invalidManifest(
      name,
      `was built for engine ${manifest.engine.slice(0, 16)}…, and this is ${engine.slice(0, 16)}…`,
    );
  }
  return manifest;
}

export function invalidManifest(name: string, reason: string): NexusError {
  const message = `The manifest ${name} ${reason}. Build the handlers again (buildHandlers).`;
  return new NexusError('INVALID_ARTIFACT', message, { context: { manifest: name } });
}

function parse(text: string, name: string): Manifest {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Manifest;
  } catch (error) {
    throw invalidManifest(name, `is no JSON: ${(error as Error).message}`);
  }
  throw invalidManifest(name, 'is no object');
}

function shapeProblem({ engine, handlers, libraries }: Manifest): string | undefined {
  if (typeof engine !== 'string') return 'names no engine';
  if (!isRecord(handlers)) return 'has no handlers';
  for (const [key, handler] of Object.entries(handlers)) {
    const { file, digest } = isRecord(handler) ? handler : ({} as Partial<ManifestHandler>);
    if (!isRelative(file) || typeof digest !== 'string')
      return `has no file and digest for the handler ${nameInMessage(key)}`;
    const wrong = LISTS.find(
      (field) => !isList(handler[field]) && (field !== 'entries' || handler[field] !== undefined),
    );
    if (wrong !== undefined) return `has ${wrong} that are no list for the handler ${nameInMessage(key)}`;
    if (handler.schema !== undefined && !isRecord(handler.schema))
      return `has a schema that is no object for the handler ${nameInMessage(key)}`;
  }
  if (libraries === undefined) return undefined;
  const { id, file, digest } = libraries ?? {};
  return typeof id === 'string' && isRelative(file) && typeof digest === 'string'
    ? undefined
    : 'has libraries without a file';
}

const LISTS = ['entries', 'capabilities', 'imports', 'files', 'packages'] as const;

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a file below the manifest. */
function isRelative(file: unknown): boolean {
  return typeof file === 'string' && file !== '' && !/^[/\\]|^[a-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\0/i.test(file);
}

function hasMac({ mac, ...manifest }: Manifest, secrets: readonly Uint8Array[]): boolean {
  if (secrets.length === 0) return mac === undefined;
  if (typeof mac !== 'string') return false;
  const given = Buffer.from(mac, 'hex');
  return secrets.some((secret) => {
    const expected = Buffer.from(macOf(manifest, secret), 'hex');
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}

function macOf(manifest: Omit<Manifest, 'mac'>, secret: Uint8Array): string {
  return createHmac('sha256', secret).update(JSON.stringify(manifest)).digest('hex');
}
