import { memoryOf, withBrowser } from '../lib/browser.mjs';
import { Findings, mebibytes, thousands } from '../lib/findings.mjs';

export const title = 'the list of very many runs';

export async function run({ quick }) {
  const findings = new Findings();
  const count = quick ? 500 : 10_000;
  return withBrowser(async ({ server, open }) => {
    await server.ask('runs', count);
    const page = await open('/ui/runs');
    const ids = new Set();
    let pages = 0;
    for (;;) {
      pages++;
      await page.getByText(pages === 1 ? / runs, / : new RegExp(`^page ${pages} · `)).waitFor();
      const found = await page.locator('td.run').allTextContents();
      findings.check(found.length <= 50, `a page has ${found.length} rows`);
      for (const id of found) {
        findings.check(!ids.has(id), `${id} is on two pages`);
        ids.add(id);
      }
      const next = page.getByRole('button', { name: 'Next' });
      if (await next.isDisabled()) break;
      await next.click();
    }
    findings.check(ids.size === count + 1, `${ids.size} of ${count + 1} runs were listed`);
    const { bytes, nodes } = await memoryOf(page);
    findings.check(nodes < 5_000, `the page has ${nodes} nodes`);
    await page.goto(`${page.url().replace(/\?.*/, '')}?run=large`);
    await page.getByRole('heading', { name: 'large' }).waitFor();
    return findings.end(
      `${thousands(ids.size)} runs on ${pages} pages, each once; heap ${mebibytes(bytes)}, ${thousands(nodes)} nodes`,
    );
  });
}
