import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

import { CONTAINER_VERSION } from './artifact.js';
import { WRAPPER_VERSION } from './wrapper.js';

export interface KeyInputs {
  /** Engine and rewrite, see EngineModule.fingerprint. */
  readonly engine: string;
  readonly filename: string;
  readonly source: string;
}

/**
 * Names a compiled handler by all that its bytes depend on: hex SHA-256 over length-prefixed fields, so that no two
 * different inputs run together into the same text.
 */
export function artifactKey({ engine, filename, source }: KeyInputs): string {
  const hash = sha256.create();
  const length = new DataView(new ArrayBuffer(4));
  for (const field of [`container:${CONTAINER_VERSION}`, `wrapper:${WRAPPER_VERSION}`, engine, filename, source]) {
    const bytes = Buffer.from(field, 'utf8');
    length.setUint32(0, bytes.length);
    hash.update(new Uint8Array(length.buffer)).update(bytes);
  }
  return bytesToHex(hash.digest());
}
