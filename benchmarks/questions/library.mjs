// What does a handler with a library cost, first and later, with the library in the image or evaluated for every execution?

import { createRuntime } from '../../build/index.js';
import { compare, WARM_UP_MS } from '../harness/compare.mjs';
import { printComparison } from '../harness/compare-peers.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { median } from '../harness/statistics.mjs';
import { printData } from '../harness/table.mjs';
import { loadSubjects, PEER_PACKAGES } from '../peers/index.mjs';
import { markdown, salesReport } from '../work/handlers.mjs';

const STARTS = isShort ? 2 : 9;
// A peer takes up to 40 ms for one execution: shorter slices would contain only one call each.
const OPTIONS = { sliceMs: isShort ? 30 : 250 };

/** A library costs a runtime once: the time from nothing to the first result, and the time of later ones. */
async function firstAndLater(handlers) {
  const rows = [];
  for (const { name, source, context, libraries } of handlers) {
    for (const [title, wanted] of [
      [`${name}: a runtime without the library`, {}],
      [`${name}: a runtime with it`, libraries],
    ]) {
      const options = {
        cacheDir: false,
        maxInstances: 1,
        libraries: Object.fromEntries(Object.entries(wanted).map(([library, text]) => [library, { source: text }])),
      };
      const isWith = Object.keys(wanted).length > 0;
      const execute = (runtime) =>
        isWith ? runtime.executeHandler(source, context) : runtime.executeHandler('return 0');
      const first = [];
      let laterUs;
      for (let start = 0; start < STARTS; start++) {
        const startedAt = performance.now();
        const runtime = await createRuntime(options);
        const { status, error } = await execute(runtime);
        first.push((performance.now() - startedAt) * 1000);
        if (status !== 'success') throw new Error(`${name}: ${error?.message}`);
        if (start === STARTS - 1) [{ medianUs: laterUs }] = await compare([{ name, run: () => execute(runtime) }]);
        await runtime.shutdown();
      }
      rows.push({ subject: title, firstUs: median(first), laterUs });
    }
  }
  printData({
    id: 'first',
    columns: [
      ['subject', 'through the pool, one worker', 'text'],
      ['firstUs', 'start to first result', 'time'],
      ['laterUs', 'later, median', 'time'],
    ],
    rows,
    note: 'Without the library the handler is `return 0`: what there is to pay before the library comes into it.',
  });
}

printMachine(PEER_PACKAGES);
const subjects = await loadSubjects();
await printComparison('lodash', 'lodash, 533 KB, later runs', salesReport, subjects, {
  ...OPTIONS,
  warmUpMs: WARM_UP_MS,
});
await printComparison('marked', 'marked, 52 KB, later runs', markdown, subjects, OPTIONS);
await firstAndLater([salesReport, markdown]);
