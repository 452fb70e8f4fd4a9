import { randomBytes } from 'node:crypto';

/** As text, 16 characters. */
const NONCE_BYTES = 12;

/** Tells a command that was sent again from another one. */
export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64url');
}
