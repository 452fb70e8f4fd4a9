import { performance } from 'node:perf_hooks';

/**
 * Returns the longest time for which the event loop was held, in milliseconds. Between two turns, only the CPU time of this
 * process counts: on a busy machine it also waits for a processor.
 */
export async function holdOf(run) {
  let worst = 0;
  let last = performance.now();
  let used = cpuMs();
  let isRunning = true;
  const tick = () => {
    const [now, usedNow] = [performance.now(), cpuMs()];
    worst = Math.max(worst, Math.min(now - last, usedNow - used));
    [last, used] = [now, usedNow];
    if (isRunning) setImmediate(tick);
  };
  setImmediate(tick);
  try {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    isRunning = false;
  }
  return worst;
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
