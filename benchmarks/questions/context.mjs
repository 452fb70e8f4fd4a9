// What does the size of the context cost, in one thread, if the handler reads one key of it, and if it reads all?
import assert from 'node:assert/strict';
import { printComparison } from '../harness/compare-peers.mjs';
import { printMachine } from '../harness/machine.mjs';
import { FASTEST, loadSubjects, only, PEER_PACKAGES } from '../peers/index.mjs';
import { sized, sizedAndRead } from '../work/sized.mjs';

const KILOBYTES = [1, 10, 100, 1_000];

printMachine(PEER_PACKAGES);
const subjects = only(await loadSubjects(), ...FASTEST);
for (const kilobytes of KILOBYTES) {
  await print(`${kilobytes}`, `a context of ${kilobytes} KB as JSON`, sized(kilobytes * 1_000));
}
for (const kilobytes of KILOBYTES.slice(-2)) {
  await print(`${kilobytes}-read`, `a context of ${kilobytes} KB, all of it read`, sizedAndRead(kilobytes * 1_000));
}

function print(id, title, { expected, ...work }) {
  const check = ({ returnValue }) => assert.equal(returnValue, expected);
  return printComparison(id, title, { ...work, check }, subjects);
}
