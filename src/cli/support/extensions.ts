import { pathToFileURL } from 'node:url';

import type { Extension } from '../../api/extension.js';
import { NexusError } from '../../errors/nexus-error.js';
import { readBytes } from './read-file.js';

/**
 * Loads extensions for handlers: the default export of a module, or its named exports, by the names of the extensions.
 *
 * @throws NexusError INVALID_ARGUMENT naming the file
 */
export async function loadExtensions(path: string, version = ''): Promise<Readonly<Record<string, Extension>>> {
  await readBytes(path);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(`${pathToFileURL(path).href}${version}`)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NexusError('INVALID_ARGUMENT', `The extensions ${path} cannot be loaded: ${reason}`, { cause });
  }
  const { default: whole, ...named } = module;
  return (whole ?? named) as Readonly<Record<string, Extension>>;
}

/** Capabilities as the command line has them: `state:*` and `state:KEY` grant reading and writing. */
export function capabilitiesOf(tokens: readonly string[]): string[] {
  return tokens.flatMap((token) => {
    const key = /^state:(?!read:|write:)(.+)$/.exec(token)?.[1];
    return key === undefined ? [token] : [`state:read:${key}`, `state:write:${key}`];
  });
}
