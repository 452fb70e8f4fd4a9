import { refuseOpenAdvisories } from '../../src/engine/build/advisories/advisory.js';
import { KNOWN_ADVISORIES } from '../../src/engine/build/advisories/known-advisories.js';
import { mendsOf } from '../../src/engine/build/memory-safety/known-mends.js';
import { rewriteEngine } from '../../src/engine/build/rewrite.js';
import { identifyEngine } from '../../src/engine/load-engine.js';
import { encodeOptimisedEngine } from '../../src/engine/optimised-engine.js';

/** Rewrites the stock engine and has it optimised, so that no process that uses it has to. */
export async function makeEngineImage(
  upstream: Uint8Array,
  optimise: (wasm: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array> {
  const table = identifyEngine(upstream);
  refuseOpenAdvisories(table, mendsOf(table.upstreamSha256), KNOWN_ADVISORIES);
  const rewritten = rewriteEngine(upstream, table);
  const wasm = await optimise(rewritten.wasm);
  return encodeOptimisedEngine(table.upstreamSha256, { ...rewritten, wasm });
}
