import { packMessage, unpackMessage } from '../codec/message-pack.js';
import { NexusError } from '../errors/nexus-error.js';
import { REWRITE_VERSION, type RewrittenEngine } from './binary-interface.js';

/** The rewritten engine, optimised for speed when the package is built; upstream compiles for size. */
export interface OptimisedEngine extends RewrittenEngine {
  /** SHA-256 of the upstream binary from which it was created, in hex. */
  readonly upstreamSha256: string;
  readonly rewriteVersion: number;
}

export function encodeOptimisedEngine(upstreamSha256: string, engine: RewrittenEngine): Uint8Array {
  return packMessage({ ...engine, upstreamSha256, rewriteVersion: REWRITE_VERSION } satisfies OptimisedEngine);
}

/**
 * @throws NexusError INTERNAL_ERROR if it was created from another binary, or by another version of the
 *   rewrite
 */
export function decodeOptimisedEngine(encoded: Uint8Array, upstreamSha256: string): OptimisedEngine {
  const engine = unpackMessage(encoded) as OptimisedEngine;
  if (engine.upstreamSha256 === upstreamSha256 && engine.rewriteVersion === REWRITE_VERSION) return engine;
  throw new NexusError(
    'INTERNAL_ERROR',
    `The engine was built from ${engine.upstreamSha256.slice(0, 16)}… by rewrite ${engine.rewriteVersion}, not from ` +
      `${upstreamSha256.slice(0, 16)}… by rewrite ${REWRITE_VERSION}. Build the package again (npm run build).`,
  );
}
