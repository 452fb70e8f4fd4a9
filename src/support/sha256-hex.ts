import { createHash } from 'node:crypto';

/** The SHA-256 of something small, in hex. What may be large is hashed in slices, see `byte-slices.ts`. */
export function sha256Hex(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
