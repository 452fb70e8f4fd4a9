import type { FunctionMend } from './function-mend.js';
import { MENDS } from './quickjs-2025-09-13.js';

/**
 * The mends of each engine in `known-engines.ts`, by the SHA-256 of the upstream binary; written by hand for
 * that binary.
 */
const KNOWN_MENDS: Readonly<Record<string, readonly FunctionMend[]>> = {
  '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232': MENDS,
};

/** None for an unknown binary. */
export function mendsOf(upstreamSha256: string): readonly FunctionMend[] {
  return KNOWN_MENDS[upstreamSha256] ?? [];
}
