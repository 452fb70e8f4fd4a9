import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { WRAPPER_VERSION } from '../contract/wrapper.js';
import { LOWERING_VERSION } from '../lowering/version.js';
import { isTypeScript, STRIPPER } from '../typescript/strip-types.js';
import { CONTAINER_VERSION } from './artifact.js';

type Hash = ReturnType<typeof sha256.create>;

/**
 * Names compiled handlers by all that their bytes depend on: hex SHA-256 over length-prefixed fields, so that no two
 * different inputs run together into the same text.
 */
export class KeyDeriver {
  /** What is the same for every handler is hashed once. */
  readonly #common: Hash;

  /** @param engine fingerprint of engine and rewrite, see EngineModule */
  constructor(engine: string) {
    this.#common = sha256.create();
    const versions = [`container:${CONTAINER_VERSION}`, `wrapper:${WRAPPER_VERSION}`, `lowering:${LOWERING_VERSION}`];
    for (const field of [...versions, engine]) absorb(this.#common, field);
  }

  derive(source: string, filename: string): string {
    const hash = this.#common.clone();
    if (isTypeScript(filename)) absorb(hash, `types:${STRIPPER}`);
    absorb(hash, filename);
    absorb(hash, source);
    return bytesToHex(hash.digest());
  }
}

function absorb(hash: Hash, field: string): void {
  const bytes = Buffer.from(field, 'utf8');
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  hash.update(length).update(bytes);
}
