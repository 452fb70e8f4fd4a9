// What does the platform of a handler cost: a call of `Intl`, a date in a time zone, and a handler that names none of it?
import assert from 'node:assert/strict';

import { resolveRuntimeConfig } from '../../build/config/resolve.js';
import { buildBaseImage, createBuilderVm } from '../../build/engine/image/base-image.js';
import { featureSet, NO_FEATURES } from '../../build/engine/image/features.js';
import { ImageVariants } from '../../build/engine/image/image-variants.js';
import { prepareRequest } from '../../build/execution/request/build-request.js';
import { readOutcome } from '../../build/execution/result/outcome.js';
import { wrapHandler } from '../../build/source/wrapper.js';
import { compare } from '../harness/compare.mjs';
import { printMachine } from '../harness/machine.mjs';
import { printData } from '../harness/table.mjs';
import { referenceExecutor } from '../work/executor.mjs';

/** In one execution, which is subtracted. */
const CALLS = 500;

const { engine, prelude, executor } = await referenceExecutor();
const config = resolveRuntimeConfig({});

async function prepared(source, options = {}) {
  const { bytecode } = await executor.compileScript(wrapHandler(source), 'handler.js');
  const { request, grants } = prepareRequest({}, options, config);
  return async () => {
    const executed = await executor.execute({ ...request, key: source + (options.timeZone ?? ''), seed: 1 }, bytecode);
    const handler = { key: source, filename: 'handler.js', source, bytecode };
    const { status, returnValue, error } = readOutcome(executed, handler, { grants, limits: request.limits });
    assert.equal(status, 'success', JSON.stringify(error));
    return returnValue;
  };
}

const loop = (setUp, call) => `${setUp}; let n = 0; for (let i = 0; i < ${CALLS}; i++) n += ${call}; return n`;
const CASES = [
  [
    'NumberFormat.format',
    loop(
      "const f = new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' })",
      'f.format(i * 1.5).length',
    ),
  ],
  [
    'toLocaleString with options',
    loop('', "(i * 1.5).toLocaleString('de-DE', { style: 'currency', currency: 'EUR' }).length"),
  ],
  [
    'DateTimeFormat.format',
    loop(
      "const f = new Intl.DateTimeFormat('fr', { dateStyle: 'full', timeZone: 'Europe/Berlin' })",
      'f.format(i * 1e9).length',
    ),
  ],
  ['localeCompare', loop('', "'straße'.localeCompare('strasse', 'de')")],
  ['new Date(y, m, d, h), UTC', loop('', 'new Date(2024, i % 12, 1, 2).getHours()')],
  [
    'new Date(y, m, d, h), Europe/Berlin',
    loop('', 'new Date(2024, i % 12, 1, 2).getHours()'),
    { timeZone: 'Europe/Berlin' },
  ],
];

printMachine();
const cases = [];
for (const [name, source, options] of CASES) cases.push({ name, run: await prepared(source, options) });
cases.push({ name: 'the loop alone', run: await prepared(loop('', 'i & 3')) });
// Beside them, what naming it costs an execution.
const withoutIntl = { name: 'return 1', run: await prepared('return 1') };
const withIntl = { name: 'return typeof Intl', run: await prepared('return typeof Intl') };
const measured = await compare([...cases, withoutIntl, withIntl]);
const loopUs = measured[CASES.length].medianUs;
printData({
  id: 'calls',
  columns: [
    ['subject', 'in a handler', 'text'],
    ['callUs', 'a call, median', 'time'],
  ],
  rows: CASES.map(([subject], i) => ({ subject, callUs: Math.max(0, measured[i].medianUs - loopUs) / CALLS })),
  note: `${CALLS} calls in one execution, less a loop of as many that calls nothing.`,
});

const base = await buildBaseImage(await createBuilderVm(engine), prelude, [], () => Promise.reject(new Error('none')));
const variants = new ImageVariants(engine, base, prelude);
const imageBytes = async (set) => (await variants.get(set)).image.heap.length;
printData({
  id: 'naming',
  columns: [
    ['subject', 'handler', 'text'],
    ['wholeUs', 'an execution, median', 'time'],
    ['imageBytes', 'its image', 'bytes'],
  ],
  rows: [
    { subject: withoutIntl.name, wholeUs: measured.at(-2).medianUs, imageBytes: await imageBytes(NO_FEATURES) },
    { subject: withIntl.name, wholeUs: measured.at(-1).medianUs, imageBytes: await imageBytes(featureSet('intl')) },
  ],
});
