// What does the size of the context cost, in one thread? The handler reads one key of it.
import assert from 'node:assert/strict';
import { printComparison } from '../harness/compare-peers.mjs';
import { printMachine } from '../harness/machine.mjs';
import { FASTEST, loadSubjects, only, PEER_PACKAGES } from '../peers/index.mjs';
import { sized } from '../work/sized.mjs';

const KILOBYTES = [1, 10, 100, 1_000];

printMachine(PEER_PACKAGES);
const subjects = only(await loadSubjects(), ...FASTEST);
for (const kilobytes of KILOBYTES) {
  const { expected, ...work } = sized(kilobytes * 1_000);
  const check = ({ returnValue }) => assert.equal(returnValue, expected);
  await printComparison(`${kilobytes}`, `a context of ${kilobytes} KB as JSON`, { ...work, check }, subjects);
}
