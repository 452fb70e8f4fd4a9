import { Findings, thousands, within } from '../lib/findings.mjs';
import { withRuntime } from '../lib/runtime.mjs';
import { terminateThreads } from '../lib/threads.mjs';

export const title = 'all workers terminated, 100 queued';

const QUEUED = 100;
/** Long enough that most still wait when the workers end. */
const SOURCE = 'let x = 0; for (let i = 0; i < 20_000; i++) x += i; return $args';

export async function run({ quick }) {
  const findings = new Findings();
  const rounds = quick ? 2 : 100;
  const sizes = quick ? [1, 4] : [1, 2, 8];
  const ends = { right: 0, told: 0 };
  for (const maxInstances of sizes) {
    await withRuntime({ cacheDir: false, maxInstances, minInstances: maxInstances }, async (runtime) => {
      await runtime.warmup([SOURCE]);
      for (let round = 0; round < rounds; round++) await terminateUnder(runtime, round, findings, ends);
    });
  }
  return findings.end(
    `${rounds} rounds each with ${sizes.join(', ')} workers: ${thousands(ends.right)} calls right, ` +
      `${ends.told} that were being executed told so, none hangs`,
  );
}

async function terminateUnder(runtime, round, findings, ends) {
  const { maxInstances } = { maxInstances: runtime.getStats().availableInstances };
  const calls = Array.from({ length: QUEUED }, (_, n) => runtime.executeHandler(SOURCE, { args: n }));
  const outcomes = calls.map((call, n) =>
    within(
      30_000,
      call.then(
        ({ returnValue }) => returnValue === n,
        (error) => error.code,
      ),
      'HANGS',
    ),
  );
  // At another moment in every round, the very first one included.
  for (let turn = 0; turn < round % 7; turn++) await new Promise(setImmediate);
  const ended = await terminateThreads();
  let told = 0;
  for (const outcome of await Promise.all(outcomes)) {
    if (outcome === true) ends.right++;
    else if (outcome === 'INTERNAL_ERROR') told++;
    else findings.check(false, `a call ended with ${outcome}`);
  }
  ends.told += told;
  findings.check(
    told <= ended,
    `${told} calls were told that their worker died, with ${ended} workers of ${maxInstances} ended`,
  );
  const { returnValue } = await within(30_000, runtime.executeHandler(SOURCE, { args: 7 }), {});
  findings.check(returnValue === 7, 'the pool did not heal');
}
