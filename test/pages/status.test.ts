import type { CDPSession } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Serving, TOKENS } from '../server/support/serving.js';
import {
  Browsing,
  CHROMIUM,
  findingsOf,
  isSideways,
  PATIENCE,
  PICTURES,
  picture,
  signIn,
  titleOf,
} from './support/browsing.js';
import { busily } from './support/load.js';

const OPERATOR = 'operator-0123456789abcdef';
const ACME = 'acme-0123456789abcdef';
const PHONE = { viewport: { width: 400, height: 800 }, deviceScaleFactor: 1 };
const HOSTILE = `<img src=x onerror="window.hit=1"><script>window.hit=2</script>`;
/** Of the first second: what is compressed counts. */
const MAX_FIRST_BYTES = 150 * 1024;

describe.skipIf(CHROMIUM === undefined)(titleOf('the status page', CHROMIUM, 'Chromium'), PATIENCE, () => {
  let browsing: Browsing;
  beforeAll(async () => {
    browsing = await Browsing.start();
  });
  afterAll(() => browsing[Symbol.asyncDispose]());

  it('asks for a token, says what is wrong with one, and keeps it in the tab alone', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const { page, context, faults } = await browsing.visit(`${serving.url}/`, { token: 'wrong-0123456789abcdef' });
    await page.getByRole('alert').getByText('not one of this server').waitFor();
    await signIn(page, ACME);
    await page.getByText('The token acme does not have the scope admin').waitFor();
    await signIn(page, OPERATOR);
    await page.getByText('Live', { exact: true }).waitFor();
    expect(page.url()).not.toContain(OPERATOR);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(OPERATOR);
    expect(await context.cookies()).toEqual([]);
    // Another tab has to sign in itself.
    const other = await context.newPage();
    await other.goto(`${serving.url}/ui/status`);
    await other.getByLabel('Token').waitFor();
    await page.getByRole('button', { name: 'sign out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('shows how the server is, live and under load, by day and by night, without another server', async () => {
    await using serving = await Serving.start({ tokens: TOKENS }, { runtime: { maxInstances: 2 } });
    await using load = await busily(serving.runtime);
    const { page, context, faults } = await browsing.visit(`${serving.url}/ui/status`, {
      token: OPERATOR,
      viewport: { width: 1280, height: 1000 },
      colorScheme: 'light',
    });
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(serving.url)) elsewhere.push(request.url());
    });
    await page.reload();
    const total = async () =>
      Number((await page.locator('.tile .note').first().textContent())?.replace(/ since.*/, '').replaceAll(',', ''));
    await expect.poll(total, { timeout: 20_000 }).toBeGreaterThan(10);
    const before = await total();
    await expect.poll(total, { timeout: 20_000 }).toBeGreaterThan(before);
    await page.getByRole('row', { name: /northwind/ }).waitFor();
    await load.hasTimedOut;
    await page.locator('.error-list summary').filter({ hasText: 'TIMEOUT' }).waitFor();
    await page.locator('dl.counts', { hasText: /interrupt|jobs|watchdog/ }).waitFor();
    expect(await findingsOf(page)).toEqual([]);
    await load.settled();
    if (PICTURES) await page.locator('td .tag', { hasText: 'executing' }).first().waitFor();
    await picture(page, 'status-light', { fullPage: true });
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(dark).toBe('rgb(17, 21, 27)');
    const error = page.locator('.error-list details').filter({ hasText: 'lookup' }).first();
    await error.locator('summary').click();
    await error.getByText('return user.address.street').waitFor();
    expect(await findingsOf(page)).toEqual([]);
    await error.locator('summary').click();
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await findingsOf(page)).toEqual([]);
    await page.evaluate(() => scrollTo(0, 0));
    await picture(page, 'status-phone');
    await page.setViewportSize({ width: 1280, height: 1000 });
    // Chosen colours outlive the page, and what the browser prefers.
    await page.getByRole('button', { name: /Colours/ }).click();
    await page.reload();
    await expect
      .poll(() => page.evaluate(() => getComputedStyle(document.body).backgroundColor))
      .toBe('rgb(246, 247, 248)');
    expect(elsewhere).toEqual([]);
    expect(faults).toEqual([]);
    // What it says in the end is what the runtime counted.
    await load.stop();
    const counted = serving.runtime.getStats().totalExecutions;
    if (counted < 10_000) await expect.poll(total, { timeout: 20_000 }).toBe(counted);
    await context.close();
  });

  it('is used with the keyboard, and is as wide as a phone', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    await serving.post('/execute', { code: 'return user.name', context: { handlerName: 'one' } }, ACME);
    const { page, context, faults } = await browsing.visit(`${serving.url}/ui/status`, { ...PHONE, token: OPERATOR });
    const summary = page.locator('.error-list summary').first();
    await summary.waitFor();
    expect(await isSideways(page)).toBe(false);
    expect(await findingsOf(page)).toEqual([]);
    await page.reload();
    await summary.waitFor();
    const reached: string[] = [];
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab');
      const [name, isSeen] = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return [
          element.textContent?.trim() || element.ariaLabel || element.tagName,
          outlineStyle !== 'none' && outlineWidth !== '0px',
        ] as const;
      });
      expect(isSeen, `the focus of ${name}`).toBe(true);
      reached.push(name);
      if (await summary.evaluate((element) => element === document.activeElement)) break;
    }
    expect(reached.slice(0, 4)).toEqual(['Skip to content', 'Status', 'Runs', expect.stringContaining('operator')]);
    await page.keyboard.press('Enter');
    await page.locator('.error-list details[open] pre').waitFor();
    expect(await isSideways(page)).toBe(false);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('shows whatever handlers, tenants and errors are called as text, cut', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const { runtime } = serving;
    const long = 'x'.repeat(1_000_000);
    const fail = (code: string, handlerName: string, tenant: string, filename: string) =>
      runtime.executeHandler(code, { handlerName }, { tenant, filename });
    await fail(
      `throw new Error(${JSON.stringify(HOSTILE)}) // </pre>${HOSTILE}`,
      HOSTILE,
      HOSTILE.slice(0, 64),
      '<b>.js',
    );
    await fail(
      `throw new Error("x".repeat(1000000))`,
      `${HOSTILE}${long}`,
      'javascript:alert(1)',
      `${'y'.repeat(200)}.js`,
    );
    for (let first = 0; first < 1_100; first += 100) {
      const some = Array.from({ length: 100 }, (_, index) => `tenant ${first + index}`);
      await Promise.all(some.map((tenant) => runtime.executeHandler('return 1', {}, { tenant })));
    }
    const { page, context, faults } = await browsing.visit(`${serving.url}/ui/status`, { ...PHONE, token: OPERATOR });
    await page.locator('.error-list summary').nth(1).waitFor();
    for (const summary of await page.locator('.error-list summary').all()) await summary.click();
    await expect.poll(() => page.locator('.error-list').textContent()).toContain(HOSTILE);
    await page.getByText(/the 200 of 1,0\d\d that used most/).waitFor({ timeout: 30_000 });
    expect(await page.locator('main table').last().locator('tbody tr').count()).toBe(10);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('11 to 20 of 200').waitFor();
    const found = await page.evaluate(() => ({
      hit: (window as { hit?: unknown }).hit,
      images: document.images.length,
      scripts: [...document.scripts].filter((script) => !script.src.startsWith(`${location.origin}/ui/assets/`)).length,
      characters: document.body.textContent?.length ?? 0,
      elements: document.querySelectorAll('*').length,
    }));
    expect(found).toMatchObject({ hit: undefined, images: 0, scripts: 0 });
    expect(found.characters).toBeLessThan(60_000);
    expect(found.elements).toBeLessThan(3_000);
    expect(await isSideways(page)).toBe(false);
    expect(await findingsOf(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('says that it is cut off, and goes on when the server is back', async () => {
    const first = await Serving.start({ tokens: TOKENS });
    const { port } = first.listening;
    const { page, context } = await browsing.visit(`${first.url}/ui/status`, { token: OPERATOR });
    await page.getByText('Live', { exact: true }).waitFor();
    await first[Symbol.asyncDispose]();
    await page.getByText('No connection').waitFor();
    await using second = await Serving.start({ tokens: TOKENS }, { listen: { port } });
    await second.post('/execute', { code: 'return 1' }, ACME);
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 25_000 });
    await page.getByText('1 since the start').waitFor();
    await context.close();
  });

  it('is readable in a slow browser before all of it is there, and takes little', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const { page, context } = await browsing.visit(`${serving.url}/ui/status`, { ...PHONE, token: OPERATOR });
    await page.getByText('Live', { exact: true }).waitFor();
    const session = await context.newCDPSession(page);
    const bytes = await countBytes(session);
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    await session.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 150 },
      ...{ downloadThroughput: (1.6 * 1024 * 1024) / 8, uploadThroughput: (750 * 1024) / 8 },
    });
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.reload({ waitUntil: 'commit' });
    // The title is in the text of the page: it is there before any script.
    await page.getByRole('heading', { name: 'Status' }).waitFor();
    await page.locator('.tile .value').first().getByText(/\d/).waitFor();
    expect(bytes()).toBeGreaterThan(1_000);
    expect(bytes()).toBeLessThan(MAX_FIRST_BYTES);
    await context.close();
  });
});

async function countBytes(session: CDPSession): Promise<() => number> {
  let bytes = 0;
  session.on('Network.responseReceived', ({ response }) => {
    bytes += response.encodedDataLength;
  });
  session.on('Network.dataReceived', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await session.send('Network.enable');
  return () => bytes;
}
