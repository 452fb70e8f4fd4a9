// Rewrites and optimises the stock engine when the package is built. Runs after tsc, as part of
// `npm run build`.
//
// Upstream is compiled for size. Inlining its small functions makes handlers a fifth faster; higher limits
// make the interpreter loop so large that its machine code is ready later and not faster.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import binaryen from 'binaryen';

import { refuseOpenAdvisories } from '../build/engine/build/advisories/advisory.js';
import { KNOWN_ADVISORIES } from '../build/engine/build/advisories/known-advisories.js';
import { mendsOf } from '../build/engine/build/memory-safety/known-mends.js';
import { rewriteEngine } from '../build/engine/build/rewrite.js';
import { identifyEngine } from '../build/engine/load-engine.js';
import { encodeOptimisedEngine } from '../build/engine/optimised-engine.js';

const OPTIMIZE_LEVEL = 3;
const INLINED_SIZE = 30;

const require = createRequire(import.meta.url);
const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const upstream = await readFile(require.resolve('@jitl/quickjs-wasmfile-release-sync/wasm'));
const table = identifyEngine(upstream);
refuseOpenAdvisories(table, mendsOf(table.upstreamSha256), KNOWN_ADVISORIES);
const rewritten = rewriteEngine(upstream, table);
const wasm = await cached(rewritten.wasm, optimise);
await writeFile(path('build/engine/engine.image'), encodeOptimisedEngine(table.upstreamSha256, { ...rewritten, wasm }));
console.log(`engine: ${upstream.length} bytes upstream, ${wasm.length} optimised`);

function optimise(bytes) {
  const module = binaryen.readBinary(bytes);
  const { BulkMemory, BulkMemoryOpt, MutableGlobals, NontrappingFPToInt, SignExt } = binaryen.Features;
  module.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals | NontrappingFPToInt | SignExt);
  binaryen.setOptimizeLevel(OPTIMIZE_LEVEL);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(INLINED_SIZE);
  module.optimize();
  if (!module.validate()) throw new Error('the optimised engine is not a valid module');
  const optimised = module.emitBinary();
  module.dispose();
  return optimised;
}

/** It takes ten seconds, and the result is the same until the engine, the optimiser or this file changes. */
async function cached(bytes, make) {
  const { version } = JSON.parse(await readFile(path('node_modules/binaryen/package.json'), 'utf8'));
  const key = createHash('sha256')
    .update(bytes)
    .update(version)
    .update(await readFile(fileURLToPath(import.meta.url)));
  const folder = path('node_modules/.cache/nexus-runtime');
  const file = `${folder}/${key.digest('hex')}.wasm`;
  const known = await readFile(file).catch(() => undefined);
  if (known !== undefined) return known;
  const made = make(bytes);
  await mkdir(folder, { recursive: true });
  // Written atomically, because other builds may run at the same time.
  await writeFile(`${file}.${process.pid}`, made);
  await rename(`${file}.${process.pid}`, file);
  return made;
}
