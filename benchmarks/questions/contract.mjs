// One thread: what do the parts of the contract cost, for an execution that uses them and for one that does not?
import { resolveRuntimeConfig } from '../../build/config/resolve.js';
import { prepareRequest } from '../../build/execution/request/build-request.js';
import { readOutcome } from '../../build/execution/result/outcome.js';
import { wrapHandler } from '../../build/source/wrapper.js';
import { measureInTurn } from '../harness/batches.mjs';
import { us } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { printTable } from '../harness/table.mjs';
import { CAPABILITIES, CONTRACT, EXPECTED, LARGE_STATE, REFERENCE, STATE, WEB } from '../work/contract.mjs';
import { referenceExecutor } from '../work/executor.mjs';

const { executor } = await referenceExecutor();
const plain = resolveRuntimeConfig({});
const audited = resolveRuntimeConfig({ observer: { onAudit: () => {} } });

/** Context in, restore, run, outcome out: everything that an execution does except changing threads. */
async function execution(source, { stateSnapshot = STATE, options = {}, config = plain, args = { n: 3 } } = {}) {
  const { bytecode } = await executor.compileScript(wrapHandler(source), 'handler.js');
  const handler = { key: source, filename: 'handler.js', source, bytecode };
  const context = { stateSnapshot, args, scope: {}, capabilities: CAPABILITIES };
  const run = async () => {
    const { request, grants } = prepareRequest(context, options, config);
    const executed = await executor.execute({ key: handler.key, ...request }, bytecode);
    return readOutcome(executed, handler, { grants, limits: request.limits });
  };
  const outcome = await run();
  // A handler whose extension call is not awaited is suspended until it is answered.
  if (outcome.status !== 'suspended' && outcome.returnValue !== EXPECTED) {
    throw new Error(`${source}: ${JSON.stringify(outcome)}`);
  }
  return run;
}

/**
 * Prints one table: the reference handler, then each case, measured in turn.
 *
 * @param {[label: string, source: string, situation?: object][]} cases
 */
async function compare(title, cases) {
  const all = [['the reference handler', REFERENCE], ...cases];
  const runs = [];
  for (const [, source, situation] of all) runs.push(await execution(source, situation));
  const results = await measureInTurn(runs);
  const rows = all.map(([label], i) => {
    const { lowestUs, medianUs } = results[i];
    return [label, us(lowestUs), us(medianUs), `${(medianUs / results[0].medianUs).toFixed(2)}×`];
  });
  console.log();
  printTable([title, 'lowest', 'median', 'ratio'], rows);
}

printMachine();
await compare('one thread, the contract', [
  ...Object.entries(CONTRACT).map(([title, use]) => [`… ${title}`, use + REFERENCE]),
  ['… with a seed and a clock', REFERENCE, { options: { seed: 1, now: 0 } }],
  ['… with limits of its own', REFERENCE, { options: { limits: { maxEvents: 50 } } }],
  ['… with a Map in its arguments', REFERENCE, { args: { n: 3, map: new Map([[1, { a: 2 }]]) } }],
  ['… audited', REFERENCE, { config: audited }],
]);

const names = Object.keys(WEB);
const named = (some) => some.map((name) => `typeof ${name};`).join(' ') + REFERENCE;
const used = (some) => some.map((name) => `${WEB[name]};`).join(' ') + REFERENCE;
await compare('one thread, web-platform globals', [
  ...names.flatMap((name) => [
    [`… names ${name}`, named([name])],
    [`… uses it: ${WEB[name]}`, used([name])],
  ]),
  ['… names all of them', named(names)],
  ['… uses all of them', used(names)],
]);

const everything = `${Object.values(CONTRACT).join('\n')} ${used(names)}`;
const large = { stateSnapshot: LARGE_STATE };
const reading = 'let sum = 0; for (const order of $state.orders) sum += order.total;';
const kilobytes = (JSON.stringify(LARGE_STATE).length / 1024).toFixed(1);
await compare(`one thread, a state of ${kilobytes} KB as JSON`, [
  ['… all globals used, its own state', everything],
  ['… the large state', REFERENCE, large],
  ['… the large state, all of it read', reading + REFERENCE, large],
  ['… the large state, all globals used', everything, large],
]);
