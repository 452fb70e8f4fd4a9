import { performance } from 'node:perf_hooks';

/**
 * For how long, at most, something held the event loop, in milliseconds. Of the time between two turns no more counts than what this process
 * spent on a processor in it: on a busy machine it waits for one, too.
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
