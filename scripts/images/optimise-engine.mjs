// Rewrites and optimises the stock engine when the package is built. Runs after tsc, as part of
// `npm run build`.
//
// Upstream is compiled for size. Inlining its small functions makes handlers a fifth faster; higher limits
// make the interpreter loop so large that its machine code is ready later and not faster.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import binaryen from 'binaryen';

const OPTIMIZE_LEVEL = 3;
const INLINED_SIZE = 30;

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

/**
 * Takes ten seconds. The result is kept: it stays the same until the engine, the optimiser or this file changes.
 *
 * @param {Uint8Array} bytes the rewritten engine
 * @returns {Promise<Uint8Array>}
 */
export async function optimiseEngine(bytes) {
  const { version } = JSON.parse(await readFile(path('node_modules/binaryen/package.json'), 'utf8'));
  const key = createHash('sha256')
    .update(bytes)
    .update(version)
    .update(await readFile(fileURLToPath(import.meta.url)));
  const folder = path('node_modules/.cache/nexus-runtime');
  const file = `${folder}/${key.digest('hex')}.wasm`;
  const known = await readFile(file).catch(() => undefined);
  if (known !== undefined) return known;
  const made = optimise(bytes);
  await mkdir(folder, { recursive: true });
  // A build that runs at the same time finds all of it or nothing.
  await writeFile(`${file}.${process.pid}`, made);
  await rename(`${file}.${process.pid}`, file);
  return made;
}

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
