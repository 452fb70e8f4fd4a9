// What does a large state cost of which the handler names two small keys, in one thread? The others are checked and copied,
// and do not enter the VM.
import assert from 'node:assert/strict';
import { printComparison } from '../harness/compare-peers.mjs';
import { printMachine } from '../harness/machine.mjs';
import { FASTEST, loadSubjects, only, PEER_PACKAGES } from '../peers/index.mjs';
import { prepareNaming } from '../peers/nexus-runtime.mjs';
import { tableBeside } from '../work/table.mjs';

const KILOBYTES = [10, 100, 1_000];

printMachine(PEER_PACKAGES);
const [ours, ...peers] = only(await loadSubjects(), ...FASTEST);
const subjects = [
  { subject: 'nexus-runtime: what the handler names', prepare: prepareNaming },
  { ...ours, subject: 'nexus-runtime: everything' },
  ...peers,
];
for (const kilobytes of KILOBYTES) {
  const { expected, ...work } = tableBeside(kilobytes * 1_000);
  const check = ({ returnValue }) => assert.equal(returnValue, expected);
  await printComparison(`${kilobytes}`, `two keys beside ${kilobytes} KB as JSON`, { ...work, check }, subjects);
}
