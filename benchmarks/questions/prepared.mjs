// What does a large context cost that was prepared once, in one thread? The others get it as they get any context.
import assert from 'node:assert/strict';
import { PreparedValues } from '../../build/execution/prepared/prepared-values.js';
import { printComparison } from '../harness/compare-peers.mjs';
import { printMachine } from '../harness/machine.mjs';
import { FASTEST, loadSubjects, only, PEER_PACKAGES } from '../peers/index.mjs';
import { executionOf } from '../peers/nexus-runtime.mjs';
import { referenceExecutor } from '../work/executor.mjs';

const RECORDS = 9_000;
const MAX_BYTES = 64 * 1024 * 1024;
const CAPABILITIES = ['state:read:table'];

const table = Array.from({ length: RECORDS }, (_, id) => ({
  id,
  name: `item number ${id}`,
  price: id * 1.25,
  group: `group ${id % 20}`,
  tags: ['any', `tag ${id % 7}`],
  isSold: id % 2 === 0,
}));
const ONE = (from) => `return ${from}[77].price`;
const ALL = (from) => `let sum = 0; for (const { price } of ${from}) sum += price; return sum`;
const SUM = table.reduce((sum, { price }) => sum + price, 0);

const inArguments = (value) => ({ args: value });
const inState = (value) => ({ stateSnapshot: { table: value }, capabilities: CAPABILITIES });

/** The subject with the table prepared. */
function prepared(contextOf) {
  return {
    subject: 'nexus-runtime: prepared',
    async prepare({ source }) {
      const values = new PreparedValues(MAX_BYTES);
      const context = contextOf(await values.prepare(table));
      const { executor } = await referenceExecutor();
      return { run: await executionOf(executor, { source, context, prepared: values }) };
    },
  };
}

printMachine(PEER_PACKAGES);
const subjects = only(await loadSubjects(), ...FASTEST);
for (const [id, title, source, contextOf, expected] of [
  ['one', 'one field of 9,000 records in the arguments', ONE('$args'), inArguments, 96.25],
  ['all', 'a field of each of 9,000 records in the arguments', ALL('$args'), inArguments, SUM],
  ['state-one', 'one field of 9,000 records in the state', ONE('$state.table'), inState, 96.25],
  ['state-all', 'a field of each of 9,000 records in the state', ALL('$state.table'), inState, SUM],
]) {
  const check = ({ returnValue }) => assert.equal(returnValue, expected);
  await printComparison(id, title, { source, context: contextOf(table), check }, [prepared(contextOf), ...subjects]);
}
