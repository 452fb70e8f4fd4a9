import { FATES } from '../lib/fates.mjs';
import { Findings, thousands, within } from '../lib/findings.mjs';
import { withFragileRuntime } from '../lib/fragile-runtime.mjs';
import { terminateThreads, threadCount } from '../lib/threads.mjs';

export const title = 'workers killed, crashed, out of memory';

const SOURCE = 'return $args * 2';
const TIMEOUT_MS = 90_000;

export async function run({ quick }) {
  const findings = new Findings();
  const crashes = { exits: quick ? 2 : 60, throws: quick ? 1 : 30, exitsBetween: quick ? 1 : 30 };
  // It takes 10 s and 4 GB each.
  if (!quick) crashes.runsOutOfMemory = 1;
  let innocent = 0;
  let culprits = 0;
  for (const [fate, times] of Object.entries(crashes)) {
    for (let i = 0; i < times; i++) {
      const counts = await crashAmongInnocents(FATES[fate], fate, findings);
      innocent += counts.innocent;
      culprits += counts.culprits;
    }
  }
  const retried = await retryOnCrash(findings);
  const idle = await killIdle(quick ? 2 : 50, findings);
  const starting = await killStarting(quick ? { times: 3, stepMs: 20 } : { times: 50, stepMs: 6 }, findings);
  await cannotStart(findings);
  return findings.end(
    `${thousands(culprits)} workers crashed under a culprit, ${thousands(innocent)} innocents beside them right, ` +
      `${retried} retried; ${idle} killed idle, ${starting} starting: all healed; two kinds that cannot start: refused with the cause`,
  );
}

/** A batch whose worker dies in the middle: the call that caused it gets an error, and the others succeed. */
async function crashAmongInnocents(seed, fate, findings) {
  return withFragileRuntime({ maxInstances: 2, maxQueue: 1_000 }, async (runtime) => {
    const warm = Array.from({ length: 40 }, (_, n) => runtime.executeHandler(SOURCE, { args: n }));
    await Promise.all(warm);
    const calls = Array.from({ length: 64 }, (_, n) => {
      const isCulprit = n % 32 === 20;
      const call = runtime.executeHandler(SOURCE, { args: n }, isCulprit ? { seed, timeoutMs: 60_000 } : {});
      return within(
        TIMEOUT_MS,
        call.then(
          (result) => ({ n, isCulprit, value: result.returnValue }),
          (error) => ({ n, isCulprit, code: error.code, message: error.message }),
        ),
        { n, isCulprit, code: 'HANGS' },
      );
    });
    let innocent = 0;
    let culprits = 0;
    for (const { n, isCulprit, value, code, message } of await Promise.all(calls)) {
      if (!isCulprit || fate === 'exitsBetween') {
        // Between two executions no call caused it: then all are innocent, up to a limit.
        const isRight = value === n * 2 || (fate === 'exitsBetween' && isCulprit && code === 'INTERNAL_ERROR');
        findings.check(isRight, `${fate}: an innocent got ${code ?? value} instead of ${n * 2}: ${message}`);
        innocent++;
      } else {
        findings.check(code === 'INTERNAL_ERROR', `${fate}: the culprit got ${code ?? `the value ${value}`}`);
        findings.check(/ended unexpectedly/.test(message), `${fate}: the culprit was told "${message}"`);
        culprits++;
      }
    }
    const after = await within(TIMEOUT_MS, runtime.executeHandler(SOURCE, { args: 21 }), {});
    findings.check(after.returnValue === 42, `${fate}: the pool did not heal`);
    const { retirements } = runtime.getStats();
    findings.check((retirements.crashed ?? 0) >= 1, `${fate}: ${JSON.stringify(retirements)} counts no crash`);
    return { innocent, culprits };
  });
}

async function retryOnCrash(findings) {
  return withFragileRuntime({ maxInstances: 1, retryOnCrash: true }, async (runtime) => {
    const error = await runtime.executeHandler(SOURCE, { args: 1 }, { seed: FATES.exits }).catch((thrown) => thrown);
    const { crashed } = runtime.getStats().retirements;
    findings.check(crashed === 2, `retryOnCrash: it crashed ${crashed} times instead of twice`);
    findings.check(error.code === 'INTERNAL_ERROR', `retryOnCrash: in the end it got ${error.code}`);
    return crashed - 1;
  });
}

async function killIdle(times, findings) {
  return withFragileRuntime({ maxInstances: 2, minInstances: 2 }, async (runtime) => {
    await runtime.warmup();
    let killed = 0;
    for (let i = 0; i < times; i++) {
      killed += await terminateThreads();
      const { returnValue } = await within(TIMEOUT_MS, runtime.executeHandler(SOURCE, { args: i }), {});
      findings.check(returnValue === i * 2, `after idle workers were killed: ${returnValue} instead of ${i * 2}`);
      await within(TIMEOUT_MS, runtime.warmup());
      findings.check(threadCount() === 2, `${threadCount()} workers instead of 2 after healing`);
    }
    return killed;
  });
}

async function killStarting({ times, stepMs }, findings) {
  let killed = 0;
  for (let i = 0; i < times; i++) {
    await withFragileRuntime({ maxInstances: 1 }, async (runtime) => {
      const call = runtime.executeHandler(SOURCE, { args: i });
      // Once, somewhere in its start; twice in a row and it still comes.
      await new Promise((resolve) => setTimeout(resolve, (i % 10) * stepMs));
      killed += await terminateThreads();
      const outcome = await within(
        TIMEOUT_MS,
        call.then(
          ({ returnValue }) => returnValue,
          (error) => error.code,
        ),
        'HANGS',
      );
      // It may have been executing already: then it is told so.
      const isRight = outcome === i * 2 || outcome === 'INTERNAL_ERROR';
      findings.check(isRight, `a worker was killed while it started: the call got ${outcome}`);
      const after = await within(TIMEOUT_MS, runtime.executeHandler(SOURCE, { args: 4 }), {});
      findings.check(after.returnValue === 8, 'after a worker was killed while it started, the pool did not heal');
    });
  }
  return killed;
}

async function cannotStart(findings) {
  const kinds = { 'throws-at-import': /this worker has no engine/, 'exits-at-import': /exited with code 7/ };
  for (const [name, cause] of Object.entries(kinds)) {
    const worker = new URL(`./workers/${name}.mjs`, import.meta.url);
    await withFragileRuntime(
      { maxInstances: 1 },
      async (runtime) => {
        for (const attempt of ['first', 'second']) {
          const call = runtime.executeHandler(SOURCE).catch((thrown) => thrown);
          const error = await within(TIMEOUT_MS, call, { code: 'HANGS', message: '' });
          findings.check(error.code === 'INTERNAL_ERROR', `${name}: the ${attempt} call got ${error.code}`);
          findings.check(cause.test(error.message), `${name}: the ${attempt} call was told "${error.message}"`);
        }
      },
      worker,
    );
  }
}
