import { join } from 'node:path';

import { Worker } from '../lib/children.mjs';
import { Findings, mebibytes, thousands } from '../lib/findings.mjs';
import { withRuntime } from '../lib/runtime.mjs';

export const title = 'one handler at once, many handlers';

const PROCESS = new URL('./workers/many-handlers.mjs', import.meta.url);
const MIB = 1024 ** 2;
const CALLERS = 1_000;
const CAP = MIB;
/** The keys of 10,000 sources are kept with the sources, up to 32 Mi characters; the rest is garbage not yet collected. */
const MAX_GROWTH = 64 * MIB;
/** The same amount may wait to be written. The kept sources alone take 32 MiB with handlers of that size. */
const MAX_GROWTH_SLOW_DISK = 64 * MIB;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const compilations = await callAtOnce(join(scratch, 'once'), findings);
  const many = await executeMany(quick, findings);
  const slow = await executeOnSlowDisk(join(scratch, 'slow'), quick, findings);
  return findings.end(
    `${thousands(CALLERS)} calls at once: ${compilations} compiled; ${thousands(many.compilations)} handlers: ` +
      `memory ≤ ${mebibytes(many.mostBytes)} of ${mebibytes(CAP)}, RSS +${mebibytes(many.growth)}; ` +
      `on a slow disk RSS +${mebibytes(slow.growth)}`,
  );
}

function callAtOnce(cacheDir, findings) {
  return withRuntime({ cacheDir, maxInstances: 2 }, async (runtime) => {
    const calls = Array.from({ length: CALLERS }, (_, index) =>
      runtime.executeHandler('return $args * 2', { args: index }),
    );
    const results = await Promise.allSettled(calls);
    const right = results.filter(({ value }, index) => value?.returnValue === index * 2).length;
    const { compilations } = runtime.getStats().cache;
    findings.check(right === CALLERS, `${CALLERS - right} of ${CALLERS} calls at once went wrong`);
    findings.check(compilations === 1, `${compilations} compilations of one handler`);
    return compilations;
  });
}

async function executeMany(quick, findings) {
  const settings = { handlers: quick ? 1_504 : 100_000, sourceBytes: 500, warmUp: quick ? 500 : 15_000 };
  const report = await measure({ cacheDir: false, maxCacheSizeBytes: CAP }, settings);
  const { failed, mostBytes, growth, compilations } = report;
  findings.check(failed === 0, `${failed} of ${settings.handlers} handlers failed`);
  findings.check(compilations === settings.handlers, `${compilations} compilations of ${settings.handlers} handlers`);
  findings.check(mostBytes <= CAP, `${mostBytes} bytes in memory with a cap of ${CAP}`);
  findings.check(mostBytes > CAP / 2, `the memory was never half full: ${mostBytes} of ${CAP} bytes`);
  findings.check(
    growth <= MAX_GROWTH,
    `RSS grew by ${mebibytes(growth)} beyond its size after ${settings.warmUp} handlers`,
  );
  return report;
}

/** Handlers come faster than they can be written. What waits to be written is memory, too. */
async function executeOnSlowDisk(cacheDir, quick, findings) {
  const settings = {
    handlers: quick ? 160 : 1_600,
    sourceBytes: 500_000,
    warmUp: 96,
    diskDelayMs: 50,
    observations: 10,
  };
  const report = await measure({ cacheDir, maxCacheSizeBytes: CAP }, settings);
  const { failed, mostBytes, growth, disk } = report;
  findings.check(failed === 0, `slow disk: ${failed} of ${settings.handlers} handlers failed`);
  findings.check(mostBytes <= CAP, `slow disk: ${mostBytes} bytes in memory with a cap of ${CAP}`);
  findings.check(
    growth <= MAX_GROWTH_SLOW_DISK,
    `a disk that takes ${settings.diskDelayMs} ms a write: RSS grew by ${mebibytes(growth)} while ` +
      `${disk.writes} of ${settings.handlers} handlers of ${thousands(settings.sourceBytes)} bytes were written`,
  );
  return report;
}

async function measure(options, settings) {
  const worker = new Worker(PROCESS, [options, settings], { execArgv: ['--expose-gc'] });
  try {
    return await worker.ask('run');
  } finally {
    await worker.kill();
  }
}
