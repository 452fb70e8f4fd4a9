import { chromium } from 'playwright-core';

import { CHROMIUM } from '../../support/servers/installed.mjs';
import { Worker } from './children.mjs';
import { TOKEN } from './page-server.mjs';

/** A server with pages and a browser. */
export async function withBrowser(use) {
  const server = new Worker(new URL('./page-server.mjs', import.meta.url));
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    const url = await server.ask('url');
    const open = async (path) => {
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(`${url}${path}`);
      await page.getByLabel('Token').fill(TOKEN);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Live', { exact: true }).waitFor();
      return page;
    };
    return await use({ server, open });
  } finally {
    await browser.close();
    server.kill();
    await server.ended;
  }
}

/** Memory of a page after a collection of garbage. */
export async function memoryOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
  await session.detach();
  return { bytes: usedSize, nodes, listeners: jsEventListeners };
}

export function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
