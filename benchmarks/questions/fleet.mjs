// What a step costs on several machines, for each pair of store and queue: an executor without extensions, and this process, which starts
// runs and makes their calls. A step is a call that is answered, the handler resumed, and the outcome recorded.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createRuntime, currentCall, later } from '../../build/index.js';
import { POSTGRES, REDIS } from '../../test/support/servers/installed.mjs';
import { ms } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { end } from '../harness/report.mjs';
import { percentile } from '../harness/statistics.mjs';
import { printTable } from '../harness/table.mjs';
import { connectFleet, cpuSecondsOf, startServerOf } from '../work/fleet-connections.mjs';

const EXECUTOR = fileURLToPath(new URL('../programs/fleet-executor.mjs', import.meta.url));
const PAIRS = [
  ['postgres', 'redis'],
  ['redis', 'redis'],
  ['postgres', 'postgres'],
];
const AT_ONCE = 32;
const STEPS = isShort ? 3 : 20;
const RUNS = isShort ? 8 : 96;
const RESUMES = isShort ? 3 : 40;
const CODE = 'for (let i = 0; i < $args; i++) await $ext.s.get(i); return 1;';
const ASKING = 'await $ext.s.ask(); return await $ext.s.got();';
const CAPABILITIES = ['ext:s.*'];

async function measure(storeKind, queueKind) {
  const store = await startServerOf(storeKind);
  const queue = storeKind === queueKind ? store : await startServerOf(queueKind);
  const { options, close } = await connectFleet(store.at, queue.at);
  const executor = fork(EXECUTOR, [JSON.stringify({ store: store.at, queue: queue.at })]);
  const runtime = await createRuntime({ cacheDir: false, metrics: false, maxInstances: 1, ...options });
  try {
    await once(executor, 'message');
    let onAsk;
    let onGot;
    const s = {
      get: (value) => value,
      ask: () => {
        onAsk(currentCall().key);
        return later;
      },
      got: () => onGot(),
    };
    await runtime.work({ runs: false, extensions: { s }, concurrency: AT_ONCE });
    const one = async (code, args) => {
      const run = await runtime.start(code, { args, capabilities: CAPABILITIES });
      const { status, error } = await run.result();
      if (status !== 'success') throw new Error(`A run ended with ${status}: ${error?.message}`);
    };
    await one(CODE, 2);
    const cpuOf = () => [store, queue].map(({ pid }) => cpuSecondsOf(pid) ?? Number.NaN);
    const before = cpuOf();
    const begunAt = performance.now();
    let left = RUNS;
    const work = async () => {
      while (left-- > 0) await one(CODE, STEPS);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const seconds = (performance.now() - begunAt) / 1000;
    const steps = RUNS * STEPS;
    const cpu = cpuOf().map((value, index) => ((value - before[index]) * 1000) / steps);
    const times = [];
    for (let i = 0; i < RESUMES; i++) {
      const asked = new Promise((resolve) => (onAsk = resolve));
      const got = new Promise((resolve) => (onGot = () => resolve(performance.now())));
      const ended = one(ASKING);
      const key = await asked;
      // The run has noted that its answer comes later.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const answeredAt = performance.now();
      await runtime.completeCall(key, { success: true, value: 1 });
      times.push((await got) - answeredAt);
      await ended;
    }
    const at = (share) => ms(percentile(times, share));
    const isOne = store === queue;
    return [
      `${storeKind} / ${queueKind}`,
      `${(steps / seconds).toFixed(0)}/s`,
      isOne ? `${ms(cpu[0])} together` : ms(cpu[0]),
      isOne ? '' : ms(cpu[1]),
      at(0.5),
      at(0.99),
    ];
  } finally {
    executor.kill();
    await once(executor, 'exit').catch(() => {});
    await runtime.shutdown();
    await close();
    await store.stop();
    if (queue !== store) await queue.stop();
  }
}

printMachine();
if (POSTGRES === undefined || REDIS === undefined) {
  console.log('PostgreSQL or redis-server is not installed: nothing was measured.');
} else {
  const rows = [];
  for (const [store, queue] of PAIRS) rows.push(await measure(store, queue));
  printTable(
    [
      'store / queue',
      `steps, ${AT_ONCE} runs at once`,
      'CPU of the store, a step',
      'of the queue',
      'resume, p50',
      'p99',
    ],
    rows,
  );
}
await end();
