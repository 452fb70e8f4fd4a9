// How much slower is an interpreter for a handler that computes for a long time? V8 compiles hot code: isolated-vm and node:vm win here.
import assert from 'node:assert/strict';
import { printComparison } from '../harness/compare-peers.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { FASTEST, loadSubjects, only, PEER_PACKAGES } from '../peers/index.mjs';
import { heavy } from '../work/heavy.mjs';

printMachine(PEER_PACKAGES);
const subjects = only(await loadSubjects(), ...FASTEST);
for (const { name, source, args, expected } of heavy) {
  const check = ({ returnValue }) => assert.deepEqual(returnValue, expected);
  const work = { source, context: { args, capabilities: [] }, check };
  await printComparison(name, name, work, subjects, { sliceMs: isShort ? 20 : 200 });
}
