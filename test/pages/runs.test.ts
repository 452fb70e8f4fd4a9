import { later } from 'nexus-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Serving, TOKENS } from '../server/support/serving.js';
import { Browsing, CHROMIUM, findingsOf, isSideways, PATIENCE, picture, signIn, titleOf } from './support/browsing.js';

const OPERATOR = 'operator-0123456789abcdef';
const ACME = 'acme-0123456789abcdef';
const OTHER = 'other-0123456789abcdef';
const METRICS = 'prometheus-0123456789abcdef';
const HOSTILE = `<img src=x onerror="window.hit=1"><script>window.hit=2</script>`;
const ORDER = `console.log('charging', $args.amount);
const charge = await $ext.payments.charge($args.amount);
$state.charge = charge.id;
const ok = await $ext.approvals.ask({ order: $args.order, amount: $args.amount });
$emit('order.approved', { order: $args.order, ok });
const shipped = await $signal('shipped');
await $ext.mail.send($args.to);
return { order: $args.order, ok, shipped };`;
const CAPABILITIES = ['ext:*', 'state:write:*', 'events:emit:*', 'signal:*'];

/** A server that works on runs: of `acme`, with an answer from outside and a signal in each. */
async function serve() {
  const serving = await Serving.start({ tokens: TOKENS });
  let isDown = true;
  const extensions = {
    payments: { charge: async (amount: number) => ({ id: `ch_${amount}`, amount }) },
    approvals: { ask: () => later },
    mail: {
      send: async (to: string) => {
        if (isDown && to === 'later@example.com') throw new Error('the mail server is down');
      },
    },
  };
  const worker = await serving.runtime.work({ extensions });
  return {
    serving,
    url: `${serving.url}/ui/runs`,
    mend: () => {
      isDown = false;
    },
    start: (runId: string, args: object, tenant = 'acme', handlerName = 'approve-order') =>
      serving.runtime.start(ORDER, { handlerName, args, capabilities: CAPABILITIES }, { runId, tenant }),
    [Symbol.asyncDispose]: async () => {
      await worker.close();
      await serving[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(CHROMIUM === undefined)(titleOf('the pages of runs', CHROMIUM, 'Chromium'), PATIENCE, () => {
  let browsing: Browsing;
  beforeAll(async () => {
    browsing = await Browsing.start();
  });
  afterAll(() => browsing[Symbol.asyncDispose]());

  it('lead through a run: what happened, an answer, a signal, and the result', async () => {
    await using server = await serve();
    await server.start('order-7', { order: 7, amount: 42, to: 'ada@example.com' });
    const { page, context, faults } = await browsing.visit(server.url, {
      ...{ token: ACME, colorScheme: 'light' },
      viewport: { width: 1280, height: 780 },
    });
    await page.getByRole('link', { name: 'order-7' }).click();
    await page.getByText('$ext.approvals.ask', { exact: true }).waitFor();
    await page.getByText('answer {"id":"ch_42","amount":42}').waitFor();
    await page.getByText('arguments [42]').waitFor();
    await page.getByText('charging 42').waitFor();
    expect(await findingsOf(page)).toEqual([]);
    await picture(page, 'run-waiting');
    const answer = page.getByLabel('Answer of c2');
    await answer.fill('{ approved: true }');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('It is not JSON').waitFor();
    await answer.fill('{ "approved": true }');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('Answer of c2: accepted.').waitFor();
    await page.getByText('the signal shipped').waitFor();
    expect(await page.getByLabel('Signal', { exact: true }).inputValue()).toBe('shipped');
    await page.getByLabel('Payload').fill('"parcel 9"');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.summary .tag', { hasText: 'completed' }).waitFor();
    await page.getByLabel('Result').getByText('"shipped": "parcel 9"').waitFor();
    expect(await server.serving.runtime.getRun('order-7').result()).toMatchObject({
      returnValue: { order: 7, ok: { approved: true }, shipped: 'parcel 9' },
    });
    await page.getByText('1 event').click();
    await page.getByText('"order.approved"').waitFor();
    expect(await findingsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await findingsOf(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('cancel a run when one is sure, and try one again that failed', async () => {
    await using server = await serve();
    await server.start('order-1', { order: 1, amount: 1, to: 'ada@example.com' });
    await server.start('order-2', { order: 2, amount: 2, to: 'later@example.com' });
    const { page, context, faults } = await browsing.visit(`${server.url}?run=order-1`, { token: ACME });
    const cancel = page.getByRole('button', { name: 'Cancel run' });
    // With the keyboard; who leaves the button was not sure.
    await cancel.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Really cancel?' }).waitFor();
    await page.keyboard.press('Tab');
    await cancel.waitFor();
    await cancel.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.locator('.summary .tag', { hasText: 'cancelled' }).waitFor();
    await page.goto(`${server.url}?run=order-2`);
    await page.getByLabel('Answer of c2').fill('true');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('the signal shipped').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.summary .tag', { hasText: 'failed' }).waitFor();
    await page.locator('.timeline .problem', { hasText: 'the mail server is down' }).waitFor();
    server.mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.summary .tag', { hasText: 'completed' }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('list runs page by page, and those that are looked for', async () => {
    // Nobody works on them.
    await using serving = await Serving.start({ tokens: TOKENS });
    for (let index = 0; index < 120; index++) {
      const tenant = index % 2 ? 'acme' : 'other';
      const context = { handlerName: index < 5 ? 'first' : 'next' };
      await serving.runtime.start('return 1', context, { runId: `order-${index}`, tenant });
    }
    const options = { token: OPERATOR, viewport: { width: 1280, height: 800 } };
    const { page, context, faults } = await browsing.visit(`${serving.url}/ui/runs`, options);
    const rows = page.locator('main tbody tr');
    await page.getByText(/^50 runs, /).waitFor();
    expect(await rows.count()).toBe(50);
    const seen = new Set(await page.locator('td.run').allTextContents());
    for (const pageNumber of [2, 3]) {
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText(`page ${pageNumber} · `).waitFor();
      for (const id of await page.locator('td.run').allTextContents()) seen.add(id);
    }
    expect(seen.size).toBe(120);
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByText('page 2 · ').waitFor();
    await page.getByLabel('Handler').fill('first');
    await page.getByLabel('Tenant').fill('acme');
    await page.keyboard.press('Enter');
    await page.getByText(/^2 runs, /).waitFor();
    expect((await page.locator('td.run').allTextContents()).toSorted()).toEqual(['order-1', 'order-3']);
    // The address says what is shown.
    await page.reload();
    await page.getByText(/^2 runs, /).waitFor();
    await page.getByLabel('State').selectOption('ended');
    await page.getByText('There are no such runs.').waitFor();
    await page.getByLabel('Open run').fill('order-9');
    await page.keyboard.press('Enter');
    await page.locator('.summary').getByText('next').waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('show nothing of other tenants, and nothing without the scope', async () => {
    await using server = await serve();
    await server.start('order-1', { order: 1, amount: 1, to: '' });
    const { page, context } = await browsing.visit(server.url, { token: METRICS });
    await page.getByText('The token prometheus does not have the scope execute').waitFor();
    expect(await page.getByText('order-1').count()).toBe(0);
    await signIn(page, OTHER);
    await page.getByText('There are no such runs.').waitFor();
    expect(await page.getByLabel('Tenant').count()).toBe(0);
    await page.goto(`${server.url}?run=order-1`);
    await page.getByRole('alert').getByText('no run order-1').waitFor();
    expect(await page.getByRole('button', { name: 'Cancel run' }).count()).toBe(0);
    await context.close();
  });

  it('show whatever is in a run as text, cut, as wide as a phone', async () => {
    await using server = await serve();
    const { runtime } = server.serving;
    const code = `console.log($args.hostile); console.error($args.hostile + 'l'.repeat(100000));
      $state[$args.hostile.slice(0, 60)] = $args.hostile;
      $emit('event', { [$args.hostile]: 'e'.repeat(300000) });
      const answer = await $ext.payments.charge($args.hostile);
      await $ext.approvals.ask($args.hostile, 'a'.repeat(500000));
      throw new Error($args.hostile + 'm'.repeat(100000));`;
    const context = { handlerName: HOSTILE, args: { hostile: HOSTILE }, capabilities: CAPABILITIES };
    await runtime.start(code, context, { runId: 'bad', tenant: 'acme', filename: '<b>.js' });
    await runtime.start('return [$args.hostile, "r".repeat(1000000)]', context, { runId: 'large', tenant: 'acme' });
    const phone = { viewport: { width: 400, height: 800 }, token: ACME };
    const { page, context: browser, faults } = await browsing.visit(`${server.url}?run=bad`, phone);
    const isHarmless = async (most: number) => {
      const found = await page.evaluate(() => ({
        hit: (window as { hit?: unknown }).hit,
        images: document.images.length,
        scripts: [...document.scripts].filter((script) => !script.src.startsWith(`${location.origin}/ui/assets/`))
          .length,
        characters: document.body.textContent?.length ?? 0,
      }));
      expect(found).toMatchObject({ hit: undefined, images: 0, scripts: 0 });
      expect(found.characters).toBeLessThan(most);
      expect(await isSideways(page)).toBe(false);
      expect(await findingsOf(page)).toEqual([]);
    };
    await page.getByLabel('Answer of c2').waitFor();
    await expect.poll(() => page.locator('.timeline').textContent()).toContain(HOSTILE);
    for (const folded of await page.locator('.folded summary').all()) await folded.click();
    await isHarmless(30_000);
    await page.getByLabel('Answer of c2').fill(JSON.stringify(HOSTILE));
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.locator('.summary .tag', { hasText: 'failed' }).waitFor();
    await page.locator('pre', { hasText: '"status": "error"' }).waitFor();
    await isHarmless(90_000);
    await page.goto(`${server.url}?run=large`);
    await page.getByText(/… and \d+ characters/).waitFor();
    await isHarmless(60_000);
    await page.goto(server.url);
    await page.getByRole('link', { name: 'bad' }).waitFor();
    await isHarmless(5_000);
    await page.goto(`${server.url}?run=${encodeURIComponent(HOSTILE)}`);
    await page.getByRole('alert').waitFor();
    await isHarmless(5_000);
    expect(faults.filter((fault) => !/404|422/.test(fault))).toEqual([]);
    await browser.close();
  });
});
