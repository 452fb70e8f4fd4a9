// Memory after hostile programs: see run.mjs. In a thread with the native stack of a worker.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../lib/memory.mjs';
import { Bench } from './bench.mjs';
import { MARKER, PROGRAMS, PROLOGUE } from './programs.mjs';

const END = `
;if (globalThis.loops) for (;;);
if (globalThis.thrown) throw globalThis.thrown;
return globalThis.answer ?? (globalThis.kept ?? []).length;`;

/** How a program is executed: as which handler, and by which calls. */
const FORMS = {
  plain: { handler: (source) => `${PROLOGUE}${source}${END}`, calls: 1 },
  async: {
    handler: (source) => `${PROLOGUE}await null; { ${source} } await Promise.resolve(M); { ${source} }${END}`,
    calls: 1,
  },
  resumed: { handler: (source) => `${PROLOGUE}{ ${source} } await $ext.note.take(M); { ${source} }${END}`, calls: 1 },
  suspended: {
    handler: (source) => `${PROLOGUE}{ ${source} } await $ext.note.take(M); return 1`,
    calls: 1,
    answers: 0,
  },
  loaded: { handler: (source) => `${PROLOGUE}${source}${END} // loaded`, calls: 1, isLoaded: true },
  prepared: {
    handler: (source) => `${PROLOGUE}
const table = keep($scope.table);
attempt(() => { fill(table.bytes); table.name = M; table.rows[3].name = M; table.rows.push(M); });
attempt(() => Object.setPrototypeOf(table.rows, null));
${source}${END}`,
    calls: 5,
  },
  repeated: { handler: (source) => `${PROLOGUE}${source}${END} // again`, calls: 5 },
};

/** Handlers that have nothing to do with the programs. What they leave in memory is known. */
const INNOCENT = {
  plain: "const innocent = 'innocent plain'; $state.a = innocent; return [3, 1, 2].sort().join() + innocent",
  async: "const innocent = 'innocent async'; await null; return innocent + (await Promise.all([1, 2])).length",
  features:
    "const innocent = 'innocent features'; return new URL('http://host/' + innocent).href + btoa(innocent) + crypto.randomUUID()",
  library: "const innocent = 'innocent library'; $lib.memo.remember(innocent, 1); return innocent",
  prepared:
    "const innocent = 'innocent prepared', { rows, bytes, name } = $scope.table; $state.a = innocent; return [rows.length, rows[3].name, bytes[9], name].join() + innocent",
  waiting: "const innocent = 'innocent waiting'; return innocent + (await $ext.note.take(innocent))",
};
/** In the first, images are made of the handler; in the second, of the grants of each. */
const ROUNDS_OF_RIGHTS = 3;
/** Until what nothing leads to any more is surely gone. */
const COLLECTIONS = 5;
/** What all of memory is overwritten with. */
const PATTERNS = [Buffer.from(MARKER), Buffer.of(0xff), Buffer.from('00a5', 'hex')];
const SAME_TENANT = "const innocent = 'innocent neighbour'; return innocent + JSON.stringify({ a: [1, 2, 3] })";

const { isQuick, only } = workerData;
let executions = 0;
const reference = await learn();
const cleanHashes = await (await Bench.open()).hashes();
const bench = await Bench.open();
/** Of the quick form: every second one, all of them if some are chosen. */
const isSelected = (index) => !isQuick || only !== '' || index % 2 === 0;
const chosen = PROGRAMS.filter(({ name }, index) => `Memory: ${name}`.includes(only) && isSelected(index));
const formNames = Object.keys(FORMS);
const innocentNames = Object.keys(INNOCENT);
const failures = [];

for (const [number, program] of chosen.entries()) {
  const violations = new Set();
  const forms = isQuick ? [formNames[number % formNames.length]] : formNames;
  for (const form of forms) {
    for (const violation of await check(program, form, number)) violations.add(`${form}: ${violation}`);
  }
  if (violations.size > 0) failures.push({ name: program.name, violations: [...violations] });
}
if ((await bench.hashes()) !== cleanHashes)
  failures.push({ name: 'images', violations: ['they differ from those of a clean worker'] });
const leftRights = await checkRights();
if (leftRights.length > 0) failures.push({ name: 'rights', violations: leftRights });
parentPort.postMessage({ programs: chosen.length, executions, failures });

/** What memory holds after each of the innocent handlers in an executor that has executed nothing else, cold and from its image. */
async function learn() {
  const learned = {};
  for (const [name, source] of Object.entries(INNOCENT)) {
    const fresh = await Bench.open();
    const found = new Set();
    for (let i = 0; i < 5; i++) for (const state of await statesAfter(fresh, source, 'learner')) found.add(state);
    learned[name] = found;
  }
  return learned;
}

/** Of a run of an innocent handler: its outcome, and every byte of the memories that it ran in, then or before. */
async function statesAfter(on, source, tenant) {
  const executed = await on.run(source, tenant);
  executions++;
  const text = /'(innocent \w+)'/.exec(source)[1];
  const states = on.memoriesWith(text).map((memory) => {
    const end = endOfContent(memory);
    const { outcome = '', snapshot = '' } = executed;
    return createHash('sha256').update(outcome).update(snapshot).update(memory.subarray(0, end)).digest('hex');
  });
  return states.length > 0 ? states : ['its memory is not found'];
}

/** A handler that several tenants have: none finds the names of another one's capabilities, with an image of the handler or without. */
async function checkRights() {
  const violations = [];
  const source = "const innocent = 'innocent handler of all'; return innocent";
  for (let round = 0; round < ROUNDS_OF_RIGHTS; round++) {
    for (const [tenant, name] of [
      ['one', 'firstname'],
      ['two', 'secondname'],
      ['three', 'thirdname'],
    ]) {
      // Often enough for an image, and for one with the rights of another.
      const runs = round === 0 ? 6 : 70;
      for (let i = 0; i < runs; i++) await bench.run(source, tenant, { capabilities: [`ext:${name}.*`] });
      executions += runs;
      for (const other of ['firstname', 'secondname', 'thirdname']) {
        if (other === name || !bench.currentHas('innocent handler of all', name, other)) continue;
        violations.push(`${tenant} finds ${other}`);
      }
    }
  }
  return violations;
}

/** Where there is nothing but zeros from then on, in bytes. */
function endOfContent({ buffer }) {
  const words = new BigUint64Array(buffer);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0n) end--;
  return end * 8;
}

async function check(program, form, number) {
  const { handler, calls, answers, isLoaded = false } = FORMS[form];
  const source = handler(program.source);
  const violations = [];
  const attack = async (tenant) => {
    if (isLoaded) await bench.load(source);
    for (let i = 0; i < calls; i++) {
      const executed = await bench.run(source, tenant, { answers });
      executions++;
      if (executed.failure?.code === 'INTERNAL_ERROR') violations.push(`it ends with ${executed.failure.message}`);
    }
  };
  const innocent = innocentNames[number % innocentNames.length];
  const victim = async (what) => {
    for (const state of await statesAfter(bench, INNOCENT[innocent], `victim ${number} ${what}`)) {
      if (!reference[innocent].has(state))
        violations.push(`${what}: memory or outcome is not that of a clean worker (${innocent})`);
    }
    if (bench.hasBoth(`innocent ${innocent}`, MARKER)) {
      violations.push(`${what}: the pattern is in the memory of another tenant`);
    }
  };

  // Another tenant at once, in whatever VM there is.
  await attack('attacker');
  await victim('at once');
  // The same tenant, which finds nothing either of what an engine leaves that works as it should.
  await attack('attacker');
  await bench.run(SAME_TENANT, 'attacker');
  executions++;
  if (bench.hasBoth('innocent neighbour', MARKER)) {
    violations.push('the pattern is in the memory of the next handler of the same tenant');
  }
  // After the worker had time.
  await attack('attacker');
  await bench.run("return 'in between'", 'somebody');
  await bench.tidy();
  await victim('after tidying');
  await bench.tidy();
  // Those that were given up go with the garbage.
  for (let i = 0; i < COLLECTIONS && bench.has(MARKER); i++) {
    await setImmediate();
    collectGarbage();
    await setImmediate();
  }
  if (bench.has(MARKER)) violations.push('the pattern is in a VM that was tidied');

  // As a guest that can write anywhere: everything, while the VM is the attacker's.
  for (const pattern of isQuick ? [PATTERNS[number % PATTERNS.length]] : PATTERNS) {
    await attack('writer');
    bench.overwrite(MARKER, pattern);
    await victim(`everything overwritten with ${pattern.toString('hex').slice(0, 8)}`);
  }
  return violations;
}
