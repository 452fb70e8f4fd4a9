// Runs a fast part of the tests on newer Nodes, whose binaries come as npm packages. `npm run test:nodes [-- 24]`
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { node } from './package/tools.mjs';

const NODES = [22, 24, 26];
/** What touches the system, threads, files and the engine in every way, and takes some seconds. */
const TESTS = [
  'test/package/as-it-ships.test.ts',
  'test/package/entries.test.ts',
  'test/package/host.test.ts',
  'test/package/platforms.test.ts',
  'test/package/fake-timers.test.ts',
  'test/package/testing-bundle.test.ts',
  'test/intl/generated.test.ts',
  'test/cache/tiers.test.ts',
  'test/suspension/run.test.ts',
  'test/testing/run-handler.test.ts',
  'test/runtime/metering/instructions.test.ts',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2).map(Number);
for (const major of wanted.length > 0 ? wanted : NODES) {
  const binary = find(major);
  if (binary === undefined) continue;
  console.log(`Node ${major}:`);
  // The programs of the documents, on the newest alone, and not where single Nodes are asked for.
  const isWhole = wanted.length === 0 && major === NODES.at(-1);
  const all = isWhole ? [...TESTS, 'test/package/examples.test.ts'] : TESTS;
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...all];
  const { status } = spawnSync(binary, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

/** Undefined where it cannot be had: without a network, the Node at hand is tested and no other. */
function find(major) {
  try {
    return node(major);
  } catch (error) {
    console.log(`Node ${major} is not tested: ${error.message}`);
    return undefined;
  }
}
