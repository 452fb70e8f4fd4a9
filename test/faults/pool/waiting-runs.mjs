import { createRuntime } from '#build/index.js';
import { Findings, thousands, within } from '../lib/findings.mjs';
import { terminateThreads } from '../lib/threads.mjs';

export const title = 'workers killed while runs wait and go on';

const SOURCE = `
let sum = $args.n;
for (let i = 0; i < 4; i++) {
  $emit('at', i);
  sum += await $ext.a.ask($args.n, i);
}
return sum;
`;
const TIMEOUT_MS = 120_000;
const CAPABILITIES = ['ext:a.ask', 'events:emit:*'];

/** Threads are terminated when they are idle or busy, in the middle of the traffic of many runs. */
export async function run({ quick }) {
  const findings = new Findings();
  const runs = quick ? 200 : 1_000;
  const figures = { ended: 0, lost: 0, killed: 0 };
  for (let round = 0; round < (quick ? 1 : 10); round++) {
    const limits = round % 2 === 0 ? {} : { maxLiveBytes: 8 * 2 ** 20 };
    const options = {
      cacheDir: false,
      metrics: false,
      maxInstances: 2,
      maxQueue: 2 * runs,
      retryOnCrash: true,
      ...limits,
    };
    const runtime = await createRuntime(options);
    await oneRound(runtime, runs, figures, findings);
    await runtime.shutdown({ drainTimeoutMs: 1_000 });
  }
  findings.check(figures.killed > 0, 'no thread was killed');
  const { ended, lost, killed } = figures;
  return findings.end(
    `${thousands(ended)} runs right, ${thousands(lost)} told that their own worker ended, twice; ${killed} threads killed`,
  );
}

async function oneRound(runtime, runs, figures, findings) {
  const asked = new Map();
  const told = Array.from({ length: runs }, () => []);
  const ask = async (n, i) => {
    const name = `${n}:${i}`;
    asked.set(name, (asked.get(name) ?? 0) + 1);
    if (n % 3 > 0) await new Promise((resolve) => setTimeout(resolve, (n * 7 + i * 13) % 40));
    return 10 ** i;
  };
  let isOver = false;
  const killing = (async () => {
    for (let i = 0; !isOver && i < 30; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20 + ((i * 37) % 90)));
      figures.killed += await terminateThreads(1 + (i % 2));
    }
  })();
  const calls = Array.from({ length: runs }, (_, n) => {
    const options = {
      extensions: { a: { ask } },
      onEffects: ({ events }) => told[n].push(...events.map((e) => e.payload)),
    };
    const call = runtime.run(SOURCE, { args: { n }, capabilities: CAPABILITIES }, options);
    return within(
      TIMEOUT_MS,
      call.catch((error) => ({ code: error.code })),
      { code: 'HANGS' },
    );
  });
  const results = await Promise.all(calls);
  isOver = true;
  await killing;
  for (const [n, { returnValue, status, code, error }] of results.entries()) {
    if (code === 'INTERNAL_ERROR') figures.lost++;
    else {
      findings.check(returnValue === n + 1_111, `a run ended with ${status} ${code ?? error?.code} ${returnValue}`);
      findings.check(told[n].join() === '0,1,2,3', `the effects of a run: ${told[n]}`);
      figures.ended++;
    }
  }
  for (const [name, times] of asked) findings.check(times === 1, `call ${name} was made ${times} times`);
}
