import { sha256 } from '../../support/bytes/byte-slices.js';
import { compress, decompress } from '../../support/compression.js';
import { MAX_MAP_BYTES, SourceMap } from './source-map.js';

/** A source map as it is kept beside bytecode: checked and inflated only when an error is described. */
export interface StoredSourceMap {
  /** The JSON of the map in UTF-8, deflated (RFC 1951). */
  readonly deflated: Uint8Array;
  /** Hex SHA-256 of `deflated`. What vouches for the digest vouches for the map. */
  readonly digest: string;
}

/** @param json in UTF-8. @returns undefined for a map that is too large to be read */
export async function storeSourceMap(json: Uint8Array): Promise<StoredSourceMap | undefined> {
  if (json.length > MAX_MAP_BYTES) return undefined;
  const deflated = await compress(json);
  return { deflated, digest: (await sha256(deflated)).toString('hex') };
}

/** Whether a stored map is what its digest says. */
export async function isIntact({ deflated, digest }: StoredSourceMap): Promise<boolean> {
  return (await sha256(deflated)).toString('hex') === digest;
}

/** A map with bytes of its own, where it is a view of others that are larger or may change. */
export function copyOfMap({ deflated, digest }: StoredSourceMap): StoredSourceMap {
  return { deflated: new Uint8Array(deflated), digest };
}

/** The JSON of a stored map. Undefined for one that is damaged. */
export async function jsonOfStoredMap(map: StoredSourceMap): Promise<Uint8Array | undefined> {
  if (!(await isIntact(map))) return undefined;
  try {
    return await decompress(map.deflated, MAX_MAP_BYTES);
  } catch {
    // It inflates to more, or was not deflated.
    return undefined;
  }
}

/** Opens a stored map. Undefined for one that is damaged or broken: then places are those of the compiled text. */
export async function openStoredMap(map: StoredSourceMap): Promise<SourceMap | undefined> {
  const json = await jsonOfStoredMap(map);
  return json && SourceMap.open(json);
}
