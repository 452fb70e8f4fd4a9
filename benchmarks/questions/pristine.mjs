// The cost of a pristine execution in one thread, here and elsewhere.
import { WARM_UP_MS } from '../harness/compare.mjs';
import { printComparison } from '../harness/compare-peers.mjs';
import { printMachine } from '../harness/machine.mjs';
import { loadSubjects, only, PEER_PACKAGES } from '../peers/index.mjs';
import { exampleHandlers, markdown } from '../work/handlers.mjs';
import { quickStart } from '../work/quick-start.mjs';

printMachine(PEER_PACKAGES);
const subjects = await loadSubjects();
const creation = { subject: 'quickjs-emscripten: the same, nothing run', prepare: prepareCreation };
subjects.splice(2, 0, creation);
await printComparison('quick-start', 'the first example of the README', quickStart, subjects, {
  warmUpMs: WARM_UP_MS,
});

// The other examples show whether the first is typical.
const some = only(subjects, 'nexus-runtime', 'quickjs-emscripten: new runtime', 'isolated-vm: new context');
for (const handler of [...exampleHandlers, markdown]) {
  await printComparison(handler.name, handler.name, handler, some);
}

/** A peer's time before any code runs in it. */
async function prepareCreation() {
  const { getQuickJS } = await import('quickjs-emscripten');
  const quickjs = await getQuickJS();
  return {
    runsNothing: true,
    run() {
      const runtime = quickjs.newRuntime();
      runtime.newContext().dispose();
      runtime.dispose();
    },
  };
}
