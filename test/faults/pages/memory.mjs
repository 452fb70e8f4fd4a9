import { setTimeout as pause } from 'node:timers/promises';
import { median, memoryOf, withBrowser } from '../lib/browser.mjs';
import { Findings, mebibytes, thousands } from '../lib/findings.mjs';

export const title = 'the status page, open under load';

/** What a page may grow by, between the first part of the time and the last. */
const MAX_GROWTH_BYTES = 512 * 1024;
const MAX_GROWTH_NODES = 400;

export async function run({ quick, minutes: given }) {
  const findings = new Findings();
  const minutes = quick ? 0.25 : Number(given);
  const samples = quick ? 8 : 60;
  return withBrowser(async ({ server, open }) => {
    await server.ask('load');
    const page = await open('/ui/status');
    const taken = [];
    let seen = 0;
    for (let sample = 0; sample < samples; sample++) {
      await pause((minutes * 60_000) / samples);
      taken.push(await memoryOf(page));
      const text = (await page.locator('.tile').first().textContent()) ?? '';
      if (text !== seen) findings.seen = (findings.seen ?? 0) + 1;
      seen = text;
    }
    await server.ask('rest');
    // The first frames fill the chart; after five minutes it is full.
    const quarter = Math.max(2, Math.floor(samples / 4));
    const early = taken.slice(quarter, 2 * quarter);
    const late = taken.slice(-quarter);
    const growth = (of) => median(late.map(of)) - median(early.map(of));
    const bytes = growth((one) => one.bytes);
    const nodes = growth((one) => one.nodes);
    const listeners = growth((one) => one.listeners);
    findings.check(bytes <= MAX_GROWTH_BYTES, `the heap of the page grew by ${mebibytes(bytes)}`);
    findings.check(nodes <= MAX_GROWTH_NODES, `the page grew by ${nodes} nodes`);
    findings.check(listeners <= 100, `the page grew by ${listeners} listeners`);
    findings.check(findings.seen > samples / 2, `the page changed ${findings.seen} times in ${samples} looks`);
    const last = late.at(-1);
    return findings.end(
      `${minutes} min, ${thousands(await server.ask('executions'))} executions: heap ${mebibytes(median(early.map((one) => one.bytes)))}, ` +
        `then ${mebibytes(median(late.map((one) => one.bytes)))}; ${thousands(last.nodes)} nodes`,
    );
  });
}
