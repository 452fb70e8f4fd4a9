// Replaces the SHA-256 of @noble/hashes in the bundle of `nexus-runtime/testing`.
import { createHash } from 'node:crypto';

class Sha256 {
  #hash;

  constructor(hash) {
    this.#hash = hash;
  }

  update(bytes) {
    this.#hash.update(bytes);
    return this;
  }

  clone() {
    return new Sha256(this.#hash.copy());
  }

  digest() {
    return this.#hash.digest();
  }
}

export const sha256 = { create: () => new Sha256(createHash('sha256')) };
