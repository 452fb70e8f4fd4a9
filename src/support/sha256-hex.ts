import { hash } from 'node:crypto';

/** The SHA-256 of something small, in hex. What may be large is hashed in slices, see `byte-slices.ts`. */
export function sha256Hex(content: Uint8Array | string): string {
  // perf: without an object for the hash.
  return hash('sha256', content, 'hex');
}
