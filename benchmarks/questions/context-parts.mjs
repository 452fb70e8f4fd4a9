// Where does the time of a large context go? Processor time of each step, in one thread, for each kind of data.
import { differences } from '../../build/codec/values/compare.js';
import { decodeFields } from '../../build/codec/values/decoding/decode.js';
import { ValueEncoder } from '../../build/codec/values/encoding/encode.js';
import { resolveRuntimeConfig } from '../../build/config/resolve.js';
import { buildBaseImage, createExecutionVm } from '../../build/engine/image/base-image.js';
import { restoreImage } from '../../build/engine/image/restore.js';
import { SourceCompiler } from '../../build/engine/source-compiler.js';
import { prepareRequest } from '../../build/execution/request/build-request.js';
import { json } from '../../build/index.js';
import { encodeInput } from '../../build/worker/packed-input.js';
import { ms } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { end } from '../harness/report.mjs';
import { median } from '../harness/statistics.mjs';
import { printTable } from '../harness/table.mjs';
import { referenceExecutor } from '../work/executor.mjs';
import { LARGE_VALUES } from '../work/large-values.mjs';

const ROUNDS = isShort ? 5 : 31;
const VM_LIMITS = { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 512 * 1024 };

const { engine, prelude } = await referenceExecutor();
const compiler = await SourceCompiler.create(engine, VM_LIMITS.stackSizeBytes);
const vm = await createExecutionVm(engine, VM_LIMITS);
const base = await buildBaseImage(vm, prelude, [], () => compiler);
const config = resolveRuntimeConfig({});

const steps = new Map();
function timed(step, run) {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  steps.set(step, [...(steps.get(step) ?? []), (user + system) / 1000]);
  return result;
}

function once(value, text) {
  const state = (v) => ({ stateSnapshot: { v }, capabilities: ['state:read:*'] });
  const { request } = timed('encode', () => prepareRequest(state(value), {}, config));
  restoreImage(vm, base.image);
  const input = timed('read', () => vm.readValue(request.input));
  const written = timed('write', () => vm.writeValue(input));
  // The first field is the state; what a handler reached is a list of names and values.
  const reached = vm.writeValue(vm.readValue(pairs(value)));
  const changed = timed('compare', () => differences(request.input, reached));
  if (changed?.join() !== 'false') throw new Error('what was not changed counts as changed');
  timed('decode', () => decodeFields(written, { maxNodes: Number.POSITIVE_INFINITY, end: -2 }));
  if (text === undefined) return;
  const asText = timed('json: calling thread', () => prepareRequest(state(json(text)), {}, config));
  timed('json: worker', () => encodeInput(asText.request));
}

/** What a handler reached, as the prelude lists it: a marker, then names and values. */
const encoder = new ValueEncoder();
const known = new Map();
function pairs(value) {
  if (!known.has(value)) known.set(value, encoder.encode([{}, 'v', value], 'reached'));
  return known.get(value);
}

printMachine(['nexus-runtime']);
const STEPS = ['encode', 'read', 'write', 'compare', 'decode', 'json: calling thread', 'json: worker'];
const rows = Object.entries(LARGE_VALUES).map(([title, value]) => {
  steps.clear();
  const text = ArrayBuffer.isView(value) ? undefined : JSON.stringify(value);
  for (let i = 0; i < ROUNDS; i++) once(value, text);
  return [title, ...STEPS.map((step) => (steps.has(step) ? ms(median(steps.get(step))) : ''))];
});
printTable(['processor time', ...STEPS], rows);
console.log(`
encode, decode: the calling thread, with checks; json: the same value as json(text)
read: the engine makes the value; write: it writes the value; compare: has the handler changed it?`);
await end();
