// Node itself: each run in a new context, with its own queue of jobs, under the time limit.
import vm from 'node:vm';

import { answer, thrown } from './answering.mjs';

let unhandled;
process.on('unhandledRejection', (reason) => {
  unhandled ??= { reason };
});

/** In one line before the script, so that the script keeps its own lines. */
const HEAD = '(() => { const holder = globalThis.__holder; delete globalThis.__holder; const run = ';
const TAIL =
  '; let made; try { made = run(); } catch (error) { holder.error = { error }; return; } ' +
  'if (made instanceof Promise) made.then((value) => { holder.value = { value }; }, (error) => { holder.error = { error }; }); else holder.value = { value: made }; })()';

answer(async ({ script, isCompiled, filename, timeoutMs }) => {
  unhandled = undefined;
  const holder = {};
  try {
    // Alone, so that nothing but the script itself is judged.
    new vm.Script(script, { filename });
  } catch (error) {
    return { ...thrown(error), kind: 'syntax' };
  }
  if (isCompiled) return { kind: 'compiled' };
  const detach = (buffer) => structuredClone(buffer, { transfer: [buffer] });
  const context = vm.createContext({ __holder: holder, __detach: detach }, { microtaskMode: 'afterEvaluate' });
  try {
    new vm.Script(HEAD + script + TAIL, { filename, columnOffset: -HEAD.length }).runInContext(context, {
      timeout: timeoutMs,
    });
  } catch (error) {
    return error?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? { kind: 'limit', message: 'timeout' } : thrown(error);
  }
  await new Promise((resolve) => setImmediate(resolve));
  if (holder.error !== undefined) return thrown(holder.error.error);
  if (holder.value === undefined) return { kind: 'pending' };
  if (unhandled !== undefined) return { ...thrown(unhandled.reason), kind: 'unhandled' };
  return asValue(holder.value.value);
});

/** What is no JSON is not compared. */
function asValue(value) {
  try {
    return { kind: 'value', value: JSON.parse(JSON.stringify(value) ?? 'null') };
  } catch {
    return { kind: 'value' };
  }
}
