import type { Advisory } from './advisory.js';
import { QUICKJS_2025_09_13 } from './quickjs-2025-09-13.js';

/** Memory-safety faults of each engine in `known-engines.ts`, by the SHA-256 of the upstream binary. */
export const KNOWN_ADVISORIES: Readonly<Record<string, readonly Advisory[]>> = {
  '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232': QUICKJS_2025_09_13,
};
