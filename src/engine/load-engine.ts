import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { ENGINE_URL } from '../assets.js';
import { explainMissingFile } from '../errors/left-behind.js';
import { NexusError } from '../errors/nexus-error.js';
import { requireHost } from '../support/host.js';
import type { MemoryLayout } from './binary-interface.js';
import { REWRITE_VERSION } from './binary-interface.js';
import { type EngineTable, KNOWN_ENGINES } from './known-engines.js';
import { decodeOptimisedEngine } from './optimised-engine.js';

/** The engine, compiled once per process. It can be structured-cloned, so workers get it directly. */
export interface EngineModule {
  readonly module: WebAssembly.Module;
  readonly layout: MemoryLayout;
  /** Slot of the function table that holds our JSHostPromiseRejectionTracker. */
  readonly rejectionTracker: number;
  readonly table: EngineTable;
  /** Identifies everything in the engine that bytecode depends on: upstream binary and rewrite. */
  readonly fingerprint: string;
}

/**
 * Not a literal: webpack and Turbopack, which compute what is constant, would take the file for a module of theirs. Tools that trace files find
 * it in the worker's bundle.
 */
const UPSTREAM = decodeURIComponent('%40jitl/quickjs-wasmfile-release-sync/wasm');

let loaded: Promise<EngineModule> | undefined;

/**
 * Reads the stock QuickJS binary of `@jitl/quickjs-wasmfile-release-sync`, checks that it is known, and
 * compiles the optimised binary that was created from it when this package was built. Memoised: all runtimes
 * of the process share one module.
 *
 * @throws NexusError ENGINE_MISMATCH if the binary is unknown, before any of it runs
 */
export function loadEngine(): Promise<EngineModule> {
  loaded ??= readEngine().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function readEngine(): Promise<EngineModule> {
  requireHost(false);
  const { upstream, optimised } = readFiles();
  return prepareEngine(upstream, optimised);
}

/** At once, like code: a turn of the event loop for each part would come only between modules that are being compiled. */
function readFiles(): { readonly upstream: Uint8Array; readonly optimised: Uint8Array } {
  try {
    const require = createRequire(import.meta.url);
    return { upstream: readFileSync(require.resolve(UPSTREAM)), optimised: readFileSync(ENGINE_URL) };
  } catch (error) {
    throw explainMissingFile(error, 'engine.image');
  }
}

/** {@link loadEngine} for binaries at hand. */
export async function prepareEngine(upstream: Uint8Array, encoded: Uint8Array): Promise<EngineModule> {
  const table = identifyEngine(upstream);
  const { wasm, layout, rejectionTracker } = decodeOptimisedEngine(encoded, table.upstreamSha256);
  const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  const fingerprint = `${table.name}#${table.upstreamSha256.slice(0, 16)}+${REWRITE_VERSION}`;
  return { module, layout, rejectionTracker, table, fingerprint };
}

/** @throws NexusError ENGINE_MISMATCH if the binary is unknown */
export function identifyEngine(upstream: Uint8Array): EngineTable {
  const sha256 = createHash('sha256').update(upstream).digest('hex');
  const table = KNOWN_ENGINES.find((candidate) => candidate.upstreamSha256 === sha256);
  if (table !== undefined) return table;
  const known = KNOWN_ENGINES.map((engine) => `${engine.name} (${engine.upstreamSha256.slice(0, 16)}…)`);
  throw new NexusError(
    'ENGINE_MISMATCH',
    `The installed QuickJS binary has SHA-256 ${sha256.slice(0, 16)}…, this library knows ${known.join(', ')}. ` +
      'Install the exact version of @jitl/quickjs-wasmfile-release-sync that package.json names, or derive a table ' +
      'for yours with scripts/derive-engine-table.mjs and add it to src/engine/known-engines.ts.',
    { context: { sha256, known: KNOWN_ENGINES.map((engine) => engine.upstreamSha256) } },
  );
}
