// Runs every bytecode file of a directory in a process that never had the sources, and prints the outcome of each.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { decodeValue } from '#src/codec/values/decoding/decode.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { captureImage } from '#src/engine/image/image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { defineLoweringGlobals } from './lowering-globals.mjs';

const [directory, memoryLimitBytes, stackSizeBytes, maxJobs] = process.argv.slice(2);
const limits = { memoryLimitBytes: Number(memoryLimitBytes), stackSizeBytes: Number(stackSizeBytes) };
const vm = await createExecutionVm(await loadEngine(), limits);
await defineLoweringGlobals(vm);
const pristine = captureImage(vm);
const outcomes = {};
for (const name of await readdir(directory)) {
  const bytecode = await readFile(join(directory, name));
  restoreImage(vm, pristine);
  const outcome = vm.evaluateBytecode(bytecode);
  vm.runJobs(Number(maxJobs));
  outcomes[name] = decodeValue(vm.writeValue(outcome)).join(' ');
}
process.stdout.write(JSON.stringify(outcomes));
