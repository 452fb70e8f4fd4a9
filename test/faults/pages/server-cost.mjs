import { setTimeout as pause } from 'node:timers/promises';
import { withBrowser } from '../lib/browser.mjs';
import { Findings } from '../lib/findings.mjs';

export const title = 'what an open status page costs the server';

/** Of a core. */
const MAX_SHARE = 0.01;

export async function run({ quick }) {
  const findings = new Findings();
  const [rounds, windowMs] = quick ? [1, 3_000] : [6, 20_000];
  return withBrowser(async ({ server, open }) => {
    // All that a sample can have in it, and nothing else to do.
    await server.ask('fill');
    await pause(quick ? 500 : 5_000);
    const shareOf = async () => {
      const before = await server.ask('cpu');
      const startedAt = performance.now();
      await pause(windowMs);
      return ((await server.ask('cpu')) - before) / (performance.now() - startedAt);
    };
    const shares = { closed: 0, open: 0 };
    for (let round = 0; round < rounds; round++) {
      shares.closed += (await shareOf()) / rounds;
      const page = await open('/ui/status');
      await pause(quick ? 500 : 2_000);
      shares.open += (await shareOf()) / rounds;
      await page.context().close();
      await pause(500);
    }
    const cost = shares.open - shares.closed;
    // A few seconds on a busy machine are no measurement.
    if (!quick) findings.check(cost <= MAX_SHARE, `an open page costs ${percent(cost)} of a core`);
    return findings.end(
      `1,001 tenants, 50 kinds of errors: ${percent(shares.closed)} of a core without a page, ${percent(shares.open)} with one`,
    );
  });
}

function percent(share) {
  return `${(share * 100).toFixed(2)}%`;
}
