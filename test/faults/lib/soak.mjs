// Mixed load on one runtime for any length of time, with its invariants.
import { createRuntime } from '#build/index.js';
import { executeHostile, hostileProgram } from './hostile-programs.mjs';
import { terminateThreads } from './threads.mjs';

const OPTIONS = {
  maxInstances: 2,
  minInstances: 1,
  idleTimeoutMs: 200,
  killGraceMs: 50,
  maxQueue: 200,
  maxCacheSizeBytes: 4 * 2 ** 20,
  maxDiskCacheSizeBytes: 8 * 2 ** 20,
  memoryLimitBytes: 16 * 2 ** 20,
  stackSizeBytes: 256 * 1024,
  suspensionTtlMs: 60_000,
};
const CAPABILITIES = ['state:read:*', 'state:write:*', 'events:emit:*', 'ext:*'];
const HOSTILE_TIMEOUT_MS = 20;

const QUICK = '$state.count = ($state.count ?? 0) + $args; return $state.count';
const WAITING = 'const answer = await $ext.service.get($args); return answer + 1';

/** The actions of the clients; each returns whether the outcome was right. */
const CLIENTS = {
  quick: async ({ runtime }, n) => {
    const context = { stateSnapshot: { count: 1 }, args: n, capabilities: CAPABILITIES };
    const calls = Array.from({ length: 16 }, () => runtime.executeHandler(QUICK, context, { tenant: `t${n % 50}` }));
    return (await Promise.all(calls)).every(({ returnValue }) => returnValue === n + 1);
  },
  diverse: async ({ runtime }, n) => {
    const source = `const salt = ${n % 4_000}; return $args + salt`;
    return (await runtime.executeHandler(source, { args: 1 })).returnValue === (n % 4_000) + 1;
  },
  large: async ({ runtime }, n) => {
    const args = Array.from({ length: 2_000 }, (_, i) => ({ id: i, name: `record ${i}`, n }));
    return (await runtime.executeHandler('return $args.length + $args[7].n', { args })).returnValue === 2_000 + n;
  },
  suspended: async ({ runtime }, n) => {
    const first = await runtime.executeHandler(WAITING, { args: n, capabilities: CAPABILITIES });
    if (first.status !== 'suspended') return false;
    const { suspensionId } = first.suspension;
    if (n % 5 === 0) return runtime.cancelSuspension(suspensionId);
    return (await runtime.resumeHandler(suspensionId, { success: true, value: n })).returnValue === n + 1;
  },
  looped: async ({ runtime }, n) => {
    const extensions = { service: { get: async (value) => value } };
    const context = { args: n, capabilities: CAPABILITIES };
    return (await runtime.run(WAITING, context, { extensions })).returnValue === n + 1;
  },
  cancelled: async ({ runtime }, n) => {
    const controller = new AbortController();
    const call = runtime.executeHandler('for (;;) ;', {}, { signal: controller.signal, timeoutMs: 1_000 });
    setTimeout(() => controller.abort('enough'), n % 20);
    return (await call).error.code === 'CANCELLED';
  },
  hostile: async ({ runtime }, n) => {
    const hostile = executeHostile(runtime, hostileProgram(n), HOSTILE_TIMEOUT_MS, { tenant: 'mallory' });
    // Some pass a context that cannot be encoded.
    return hostile.then(
      () => true,
      ({ code }) => ['SERIALIZATION_ERROR', 'INVALID_ARGUMENT'].includes(code) || Promise.reject(new Error(code)),
    );
  },
  /** Terminates threads from outside. The execution that was running is notified. */
  killer: async (_, n) => {
    await pause(700 + (n % 7) * 100);
    await terminateThreads(1);
    return true;
  },
  /** More calls than the queue accepts. */
  surge: async ({ runtime }, n) => {
    await pause(2_000);
    const calls = Array.from({ length: 400 }, () =>
      runtime.executeHandler(QUICK, { args: n, capabilities: CAPABILITIES }),
    );
    const outcomes = await Promise.allSettled(calls);
    return outcomes.every(
      ({ value, reason }) => value?.returnValue === n || ['POOL_SATURATED', 'INTERNAL_ERROR'].includes(reason?.code),
    );
  },
};

/**
 * @param durationMs duration of the load
 * @param intervalMs time between two reports
 * @param isFilled whether everything that is bounded is filled before the start, so that it does not grow later
 * @param onReport receives each report
 * @returns all reports
 */
export async function soak({ durationMs, intervalMs, cacheDir, isFilled = false, onReport = () => {} }) {
  const runtime = await createRuntime({ ...OPTIONS, cacheDir });
  const state = { runtime, wrong: {}, rejections: {}, warnings: [], isOver: false };
  const onWarning = (warning) => {
    // Some of the handlers wait on purpose.
    if (warning.code !== 'NEXUS_SUSPENDED') state.warnings.push(String(warning));
  };
  process.on('warning', onWarning);
  if (isFilled) await fill(runtime);
  const startedAt = performance.now();
  const reports = [];
  const report = async () => {
    // Unreferenced objects do not count as growth.
    globalThis.gc?.();
    const minutes = (performance.now() - startedAt) / 60_000;
    const stats = runtime.getStats();
    const counters = countersOf(await runtime.getPrometheusMetrics());
    const { rss: rssBytes, heapUsed: heapBytes } = process.memoryUsage();
    reports.push({ minutes, rssBytes, heapBytes, stats, counters, ...state });
    onReport(reports.at(-1));
  };
  const timer = setInterval(report, intervalMs);
  const clients = Object.entries(CLIENTS).map(([name, act]) => client(state, name, act));
  await pause(durationMs);
  clearInterval(timer);
  state.isOver = true;
  await Promise.all(clients);
  await report();
  await runtime.shutdown();
  process.off('warning', onWarning);
  return reports;
}

/** Fills the kept outcomes and the cached handlers up to their limits. */
async function fill(runtime) {
  for (let n = 0; n < 10_500; n += 50) {
    const calls = Array.from({ length: 50 }, async (_, i) => {
      const context = { args: n + i, capabilities: CAPABILITIES };
      const { suspension } = await runtime.executeHandler(WAITING, context);
      await runtime.resumeHandler(suspension.suspensionId, { success: true, value: 1 });
    });
    await Promise.all(calls);
  }
  const state = { runtime };
  for (let n = 0; n < 4_000; n++) await CLIENTS.diverse(state, n);
}

async function client(state, name, act) {
  for (let n = 0; !state.isOver; n++) {
    try {
      if (!(await act(state, n))) state.wrong[name] = (state.wrong[name] ?? 0) + 1;
    } catch (error) {
      const { code = error.message } = error;
      state.rejections[code] = (state.rejections[code] ?? 0) + 1;
    }
    // A client whose calls are answered at once must not keep the others waiting.
    await new Promise(setImmediate);
  }
}

/** Counters, and the counts of histograms, from the Prometheus text. */
function countersOf(text) {
  const counters = {};
  for (const [, series, value] of text.matchAll(/^(\S+_(?:total|count|sum|bucket)(?:\{[^}]*\})?) (\S+)$/gm)) {
    counters[series] = Number(value);
  }
  return counters;
}

/** Series that decreased from one report to the next, or disappeared. */
export function decreases(reports) {
  return reports.slice(1).flatMap(({ counters }, i) =>
    Object.entries(reports[i].counters)
      .filter(([series, value]) => !(counters[series] >= value))
      .map(([series, value]) => `${series} went from ${value} to ${counters[series]}`),
  );
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
