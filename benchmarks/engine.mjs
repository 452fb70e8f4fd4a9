// One thread: what does a pristine execution of the reference handler cost, and what does it cost to get the same
// isolation from quickjs-emscripten by making a new runtime and context?
import { getQuickJS } from 'quickjs-emscripten';
import { resolveRuntimeConfig } from '../build/config/resolve.js';
import { wrapHandler } from '../build/contract/wrapper.js';
import { prepareRequest } from '../build/pool/build-request.js';
import { readOutcome } from '../build/pool/outcome.js';
import { measure, printMachine, printTable, us } from './harness.mjs';
import { referenceExecutor } from './reference-executor.mjs';
import { CONTEXT, EXPECTED, SOURCE } from './reference-handler.mjs';

const { executor } = await referenceExecutor();
const config = resolveRuntimeConfig({});
const { bytecode } = await executor.compileScript(wrapHandler(SOURCE), 'handler.js');
const handler = { key: 'reference', filename: 'handler.js', source: SOURCE, bytecode };

/** Context in, restore, run, outcome out: all that an execution does but for changing threads. */
async function pristineExecution() {
  const { request, grants } = prepareRequest(CONTEXT, {}, config);
  const executed = await executor.execute({ key: handler.key, ...request }, bytecode);
  return readOutcome(executed, handler, { grants, limits: request.limits });
}

const quickjs = await getQuickJS();
const peerScript = `(() => {
  const { state: $state, args: $args } = JSON.parse(input);
  const effects = [];
  const $emit = (name, payload) => effects.push({ name, payload });
  const value = (() => {${SOURCE}})();
  return JSON.stringify({ value, state: $state, effects });
})()`;

function newRuntimeAndContext() {
  const runtime = quickjs.newRuntime();
  const context = runtime.newContext();
  context.dispose();
  runtime.dispose();
}

/** The same handler on the same context with the same isolation. */
function peerExecution() {
  const runtime = quickjs.newRuntime();
  const context = runtime.newContext();
  const input = context.newString(JSON.stringify({ state: CONTEXT.stateSnapshot, args: CONTEXT.args }));
  context.setProp(context.global, 'input', input);
  input.dispose();
  const result = context.unwrapResult(context.evalCode(peerScript));
  const outcome = JSON.parse(context.getString(result));
  result.dispose();
  context.dispose();
  runtime.dispose();
  return outcome;
}

const checks = [(await pristineExecution()).returnValue, peerExecution().value];
if (checks.some((value) => value !== EXPECTED)) throw new Error(`expected ${EXPECTED}, got ${checks}`);

printMachine();
const ours = await measure(pristineExecution);
const creation = await measure(newRuntimeAndContext);
const peer = await measure(peerExecution);
const ratio = (other) => `${(other.medianUs / ours.medianUs).toFixed(1)}×`;
printTable(
  ['one thread, reference handler', 'median', 'p99', 'ratio'],
  [
    ['nexus-runtime: context in, restore, run, outcome out', us(ours.medianUs), us(ours.p99Us), '1×'],
    [
      'quickjs-emscripten: new runtime + context, nothing run',
      us(creation.medianUs),
      us(creation.p99Us),
      ratio(creation),
    ],
    ['quickjs-emscripten: the same, running the same handler', us(peer.medianUs), us(peer.p99Us), ratio(peer)],
  ],
);
