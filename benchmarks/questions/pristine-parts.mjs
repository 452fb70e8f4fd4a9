// The parts of an execution in one thread, in order, each timed where it happens.
import { resolveRuntimeConfig } from '../../build/config/resolve.js';
import { buildBaseImage, createExecutionVm } from '../../build/engine/image/base-image.js';
import { captureDelta } from '../../build/engine/image/delta.js';
import { captureImage } from '../../build/engine/image/image.js';
import { restoreImage, wipe } from '../../build/engine/image/restore.js';
import { SourceCompiler } from '../../build/engine/source-compiler.js';
import { prepareRequest } from '../../build/execution/request/build-request.js';
import { readOutcome } from '../../build/execution/result/outcome.js';
import { wrapHandler } from '../../build/source/wrapper.js';
import { measure } from '../harness/batches.mjs';
import { percent, us } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { median } from '../harness/statistics.mjs';
import { printTable } from '../harness/table.mjs';
import { executionOf } from '../peers/nexus-runtime.mjs';
import { referenceExecutor } from '../work/executor.mjs';
import { quickStart } from '../work/quick-start.mjs';

const ROUNDS = isShort ? 5 : 40;
const CALLS = isShort ? 200 : 1_000;
const WARM_UP_CALLS = isShort ? 500 : 30_000;
const VM_LIMITS = { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 512 * 1024 };

const { engine, prelude, executor } = await referenceExecutor();
const compiler = await SourceCompiler.create(engine, VM_LIMITS.stackSizeBytes);
const vm = await createExecutionVm(engine, VM_LIMITS);
const base = await buildBaseImage(vm, prelude, [], () => compiler);
const { roots } = base;
const config = resolveRuntimeConfig({});
const { source, context, expected } = quickStart;
const { bytecode } = await compiler.compile(wrapHandler(source), 'handler.js');
const described = { key: 'quick-start', filename: 'handler.js', source, bytecode };

restoreImage(vm, base.image);
const handler = vm.evaluateBytecode(bytecode);
const { encodedGrants } = prepareRequest(context, {}, config).request;
vm.call(roots.setGrants, roots.undefined, vm.readValue(encodedGrants));
const delta = captureDelta(vm, base.image);
const whole = captureImage(vm);

/** Sums for each part, including the time of the clock itself. */
const parts = new Map();
let lapAt = 0;
function lap(part) {
  const now = performance.now();
  parts.set(part, (parts.get(part) ?? 0) + now - lapAt);
  lapAt = performance.now();
}

function execute() {
  lapAt = performance.now();
  const { request, grants } = prepareRequest(context, {}, config);
  lap('host: check the context and encode it');
  restoreImage(vm, whole);
  lap('restore: the image over the memory');
  vm.beginRun();
  vm.clock = Date.now;
  vm.seedRandom(1, 2);
  vm.applyStackSize();
  lap('prepare: clock, chance, limits');
  const input = vm.readValue(request.input);
  lap('in: the engine reads the context');
  vm.call(roots.start, roots.undefined, handler, input);
  lap('run: the handler and its effects');
  const collected = vm.call(roots.collect, roots.undefined);
  lap('collect: what came of it');
  const outcome = vm.writeValue(collected);
  lap('out: the engine writes it');
  const { returnValue } = readOutcome({ outcome }, described, { grants, limits: request.limits });
  lap('host: decode and check it');
  if (returnValue !== expected) throw new Error(`expected ${expected}, got ${returnValue}`);
}

for (let i = 0; i < WARM_UP_CALLS; i++) execute();
/** Microseconds of each round, for each part. */
const rounds = new Map();
for (let round = 0; round < ROUNDS; round++) {
  parts.clear();
  for (let i = 0; i < CALLS; i++) execute();
  for (const [part, ms] of parts) rounds.set(part, [...(rounds.get(part) ?? []), (ms / CALLS) * 1000]);
}

printMachine(['nexus-runtime']);
const rows = [...rounds].map(([part, times]) => [part, median(times)]);
const sum = rows.reduce((total, [, time]) => total + time, 0);
printTable(
  ['an execution of the first example of the README', 'median', 'share'],
  [...rows, ['sum', sum]].map(([part, time]) => [part, us(time), percent(time / sum)]),
);
console.log();

/** For a rare handler, which has no image. */
function loadBytecode() {
  restoreImage(vm, base.image);
  vm.evaluateBytecode(bytecode);
  vm.call(roots.setGrants, roots.undefined, vm.readValue(encodedGrants));
}

const ways = [
  ['image and handler in one piece: the same handler again', () => restoreImage(vm, whole)],
  ['the image, then what the handler adds', () => restoreImage(vm, base.image, delta)],
  ['the same, after another tenant: all of memory', () => wipe(vm, base.image, delta)],
  ['the image alone, then bytecode and grants are read', loadBytecode],
  ['all of it, by the executor', await executionOf(executor, quickStart)],
];
const measured = [];
for (const [what, run] of ways) {
  restoreImage(vm, base.image);
  measured.push([what, us((await measure(run)).medianUs)]);
}
const many = await Promise.all(Array.from({ length: 8 }, () => createExecutionVm(engine, VM_LIMITS)));
let turn = 0;
const cleared = await measure(() => many[turn++ % many.length].clear());
measured.push(['clearing a VM while the worker has nothing else to do, eight by turns', us(cleared.medianUs)]);
printTable(['restoring', 'median'], measured);

const { data, heap } = base.image;
console.log(
  `\na VM has ${vm.heap.length} bytes of memory; image: ${data.length} bytes of static data, ${heap.length} of heap; the handler adds ${delta.bytes.length}`,
);
