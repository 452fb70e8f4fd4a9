// The library's worker, in which some executions end the thread: for real, in the middle of a batch.

import initialize from '#build/worker/entry.js';
import { Executor } from '#build/worker/executor.js';
import { FATES } from '../../lib/fates.mjs';

const deaths = {
  [FATES.exits]: () => process.exit(3),
  [FATES.throws]: () => {
    setImmediate(() => {
      throw new Error('thrown past everything');
    });
    // The turn of the event loop that brings it.
    return new Promise(() => {});
  },
  [FATES.runsOutOfMemory]: () => {
    const kept = [];
    for (;;) kept.push(new Array(1e6).fill(1.5));
  },
};

const { execute } = Executor.prototype;
Executor.prototype.execute = async function (request, ...rest) {
  const executed = await execute.call(this, request, ...rest);
  await deaths[request.seed]?.();
  // Its reply stands, and dies with the thread before it is sent.
  if (request.seed === FATES.exitsBetween) queueMicrotask(() => queueMicrotask(() => process.exit(4)));
  return executed;
};

export default initialize;
