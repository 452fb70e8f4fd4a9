// What does a module cost against a body, and an import against `$lib` and against a bundle of its own?

import { fileURLToPath } from 'node:url';
import { createRuntime } from '../../build/index.js';
import { compare } from '../harness/compare.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printData } from '../harness/table.mjs';

const HANDLERS = isShort ? 10 : 100;
const folder = fileURLToPath(new URL('..', import.meta.url));
const context = { args: { orders: Array.from({ length: 12 }, (_, i) => ({ id: i, day: i % 5, total: i * 3 })) } };

const WORK = `
const sums = {};
for (const { day, total } of args.orders) sums[day] = (sums[day] ?? 0) + total;
return Object.entries(sums).map(([day, total]) => day + ':' + total).join();`;
const FORMS = {
  'a body': `const args = $args;${WORK}`,
  'a function': `(args) => {${WORK}}`,
  'a module': `export default (args) => {${WORK}}`,
  'a module with 20 functions and tables': `${helpers(20)}\nexport default (args) => {${WORK}}`,
  'a body with the same functions and tables': `${helpers(20)}\nconst args = $args;${WORK}`,
};

function helpers(count) {
  return Array.from(
    { length: count },
    (_, i) =>
      `const table${i} = { a: ${i}, b: [1, 2, 3] };\nfunction helper${i}(value) { return table${i}.b.map((x) => x + value); }`,
  ).join('\n');
}

const USE = `
const groups = GROUP(args.orders, 'day');
return CHUNK(Object.keys(groups), 2).length + ADD(new Date(0), 3).toISOString();`;
const used = (group, chunk, add) => USE.replace('GROUP', group).replace('CHUNK', chunk).replace('ADD', add);
const IMPORTED = (number) =>
  `import { groupBy, chunk } from 'lodash';\nimport { addDays } from 'date-fns';\nexport default (args) => {${used('groupBy', 'chunk', 'addDays')}\n// ${number}\n}`;
const BY_LIB = (number) =>
  `const args = $args;${used('$lib.lodash.groupBy', '$lib.lodash.chunk', "$lib['date-fns'].addDays")}\n// ${number}`;

async function runtimeWith(modules) {
  return createRuntime({ cacheDir: false, maxInstances: 1, ...(modules && { modules: { from: folder, ...modules } }) });
}

async function run(runtime, source) {
  const { status, error, returnValue } = await runtime.executeHandler(source, context);
  if (status !== 'success') throw new Error(`${error?.message}\n${source}`);
  return returnValue;
}

function inTurn(runtime, sources) {
  let next = 0;
  return () => run(runtime, sources[next++ % sources.length]);
}

function print(id, title, cases, results) {
  printData({
    id,
    columns: [
      ['subject', title, 'text'],
      ['medianUs', 'median', 'time'],
      ['ratio', 'ratio', 'ratio'],
    ],
    rows: cases.map(({ name }, i) => ({
      subject: name,
      medianUs: results[i].medianUs,
      ratio: results[i].medianUs / results[0].medianUs,
    })),
  });
}

printMachine();
const plain = await runtimeWith();
const forms = Object.entries(FORMS).map(([name, source]) => ({ name, run: () => run(plain, source) }));
print('forms', 'one worker, the same work as', forms, await compare(forms));
await plain.shutdown();

const shared = await runtimeWith({ packages: ['lodash', 'date-fns'] });
const bundled = await runtimeWith({ packages: ['lodash', 'date-fns'], hoist: [] });
const numbers = Array.from({ length: HANDLERS }, (_, i) => i);
const imports = [
  { name: `${HANDLERS} handlers on $lib`, run: inTurn(shared, numbers.map(BY_LIB)) },
  { name: `${HANDLERS} that import, from the image`, run: inTurn(shared, numbers.map(IMPORTED)) },
  { name: 'one on $lib', run: () => run(shared, BY_LIB(0)) },
  { name: 'one that imports, from the image', run: () => run(shared, IMPORTED(0)) },
  { name: 'one that imports, with a copy of its own', run: () => run(bundled, IMPORTED(0)) },
];
print('imports', 'one worker, lodash and date-fns', imports, await compare(imports, { leastCalls: 2 * HANDLERS }));
await Promise.all([shared.shutdown(), bundled.shutdown()]);
