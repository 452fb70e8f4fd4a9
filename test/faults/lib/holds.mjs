import { performance } from 'node:perf_hooks';

/** For how long, at most, something held the event loop, in milliseconds. */
export async function holdOf(run) {
  let worst = 0;
  let last = performance.now();
  let isRunning = true;
  const tick = () => {
    const now = performance.now();
    worst = Math.max(worst, now - last);
    last = now;
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
