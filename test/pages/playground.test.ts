import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Bench } from '../playground/support.js';
import { Browsing, CHROMIUM, findingsOf, isSideways, picture, titleOf, type Visit } from './support/browsing.js';

const ORDER = `// The price of an order in the customer's currency.
const rate = await $ext.rates.get($args.currency);
$state.subtotal = $args.lines.reduce((sum, line) => sum + line.price * line.quantity, 0);
$log('rate', rate);

const customer = await $ext.crm.find($args.customer);
$state.total = $state.subtotal * rate * (1 - customer.discount);
delete $state.draft;
$emit('order.priced', { customer: customer.name, total: $state.total });
return { total: $state.total, currency: $args.currency };
`;
const INPUTS = {
  args: JSON.stringify(
    {
      currency: 'EUR',
      customer: 7,
      lines: [
        { price: 40, quantity: 2 },
        { price: 25, quantity: 1 },
      ],
    },
    undefined,
    2,
  ),
  state: JSON.stringify({ draft: true, limit: 100 }, undefined, 2),
};
const EVIL = '<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>';

let browsing: Browsing;

const editorOf = (page: Page) => page.getByRole('textbox', { name: 'Handler' });

async function open(bench: Bench, options: Parameters<Browsing['visit']>[1] = {}): Promise<Visit> {
  const visit = await browsing.visit(bench.url, options);
  await editorOf(visit.page)
    .waitFor()
    .catch(async (error: unknown) => {
      throw new Error(`${visit.faults.join('\n')}\n${await visit.page.locator('body').textContent()}`, {
        cause: error,
      });
    });
  return visit;
}

/** Types a text in place of what is there. */
async function rewrite(page: Page, text: string): Promise<void> {
  await editorOf(page).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

const returned = (page: Page) => page.locator('.returned');

describe.skipIf(CHROMIUM === undefined)(titleOf('the playground in a browser', CHROMIUM), () => {
  beforeAll(async () => {
    browsing = await Browsing.start();
  });
  afterAll(() => browsing?.[Symbol.asyncDispose]());

  it('runs a handler when it is saved, and shows capabilities, the timeline and the state at each await', async () => {
    await using bench = await Bench.start({
      files: { 'order.js': ORDER },
      inputs: INPUTS,
      extensions: {
        rates: { get: () => delay(40, 0.9) },
        crm: { find: (id: number) => delay(25, { id, name: 'Ada', discount: 0.1 }) },
      },
    });
    const { page, faults, context } = await open(bench);
    expect(page.url()).not.toContain('token');
    await page.getByText('ext:rates.get').first().waitFor();
    await editorOf(page).click();
    await page.keyboard.press('Control+s');
    await returned(page).waitFor();
    expect(JSON.parse((await returned(page).textContent()) ?? '')).toEqual({ total: 85.05, currency: 'EUR' });
    const steps = page.locator('button.step');
    expect(await steps.count()).toBe(3);
    expect(await steps.nth(1).textContent()).toContain("await $ext.rates.get('EUR')→ 0.9");
    // The last step has the last changes.
    expect(await page.locator('.changes tbody tr').allTextContents()).toEqual(['drafttruedeleted', 'totalabsent85.05']);
    await page.getByRole('button', { name: 'Step back' }).click();
    expect(await page.locator('.changes tbody tr').allTextContents()).toEqual(['subtotalabsent105']);
    expect(await page.locator('.log').textContent()).toContain('rate 0.9');
    await picture(page, 'playground');
    // By the keyboard, in the list.
    await steps.nth(1).focus();
    await page.keyboard.press('Home');
    expect(await page.getByRole('heading', { name: 'At the start' }).count()).toBe(1);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-current'))).toBe('step');
    await page.keyboard.press('End');
    expect(await page.getByRole('heading', { name: 'After await 2' }).count()).toBe(1);
    expect(await findingsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await findingsOf(page)).toEqual([]);
    await picture(page, 'playground-dark');
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await isSideways(page)).toBe(false);
    expect(await findingsOf(page)).toEqual([]);
    await picture(page, 'playground-400', { fullPage: true });
    expect(faults).toEqual([]);
    await context.close();
  });

  it('saves what is typed, completes and checks it by types, and shows what a denied capability does', async () => {
    await using bench = await Bench.start({
      files: { 'greet.js': 'return 1;\n' },
      extensions: { users: { find: () => ({ name: 'Ada' }), list: () => [] } },
    });
    const { page, faults, context } = await open(bench);
    await rewrite(page, '');
    await page.keyboard.type('const user = await $ext.users.');
    const completion = page.locator('.cm-tooltip-autocomplete li');
    await completion.filter({ hasText: 'find' }).waitFor();
    expect(await completion.filter({ hasText: 'list' }).count()).toBe(1);
    await page.keyboard.type('fi');
    await completion.filter({ hasText: 'list' }).waitFor({ state: 'detached' });
    // What a person waits for before a key is taken for a choice.
    await delay(100);
    await page.keyboard.press('Enter');
    await page.keyboard.type('(1);\n$state.name = user.name;\nreturn user.nmae;');
    await page.getByText('state:write:name').first().waitFor();
    expect(await page.locator('.editor .need').allTextContents()).toEqual(['ext:users.find', 'state:write:name']);
    expect(await readFile(join(bench.folder, 'greet.js'), 'utf8')).toBe('return 1;\n');
    await page.keyboard.press('Control+s');
    await returned(page).waitFor();
    expect(await returned(page).textContent()).toBe('undefined');
    expect(await readFile(join(bench.folder, 'greet.js'), 'utf8')).toBe(
      'const user = await $ext.users.find(1);\n$state.name = user.name;\nreturn user.nmae;',
    );
    // At the line that is denied.
    await page.getByRole('checkbox', { name: 'state:write:name' }).uncheck();
    await page.getByText('PERMISSION_DENIED').first().waitFor();
    expect(await page.locator('.cm-failed').textContent()).toContain('$state.name = user.name');
    expect(await findingsOf(page)).toEqual([]);
    // A fault of syntax is told where it is.
    await rewrite(page, 'return (1;');
    await page.locator('.cm-lint-marker-error').waitFor();
    // Saved in another editor.
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+s');
    await page.locator('.cm-lint-marker-error').waitFor({ state: 'detached' });
    await writeFile(join(bench.folder, 'greet.js'), "return 'from elsewhere'");
    await page.getByText('from elsewhere').last().waitFor();
    expect(await returned(page).textContent()).toBe('"from elsewhere"');
    expect(faults).toEqual([]);
    await context.close();
  });

  it('steps through a recording, goes on from a step with other code, answers by hand, and writes a test', async () => {
    let bytes: Uint8Array;
    {
      const rates = { get: async () => 2 };
      const crm = { find: async (id: number) => ({ id, name: 'Ada', discount: 0 }) };
      await using bench = await Bench.start({
        files: { 'order.js': ORDER },
        inputs: INPUTS,
        extensions: { rates, crm },
      });
      const { page, context } = await open(bench);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await returned(page).waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save recording' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('order.nxrec');
      bytes = await readFile(await download.path());
      await context.close();
    }
    // Elsewhere, where there are no extensions.
    await using bench = await Bench.start();
    const { page, faults, context } = await open(bench);
    await page.locator('input[type=file]').setInputFiles({
      name: 'order.nxrec',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(bytes),
    });
    await returned(page).waitFor();
    const steps = page.locator('button.step');
    expect(await steps.nth(2).textContent()).toContain('recorded');
    expect(JSON.parse((await returned(page).textContent()) ?? '')).toEqual({ total: 210, currency: 'EUR' });
    await steps.nth(1).click();
    expect(await page.locator('.changes tbody tr').allTextContents()).toEqual(['subtotalabsent105']);
    await picture(page, 'playground-recording');
    // What follows the first await is other code now, and nobody answers its call.
    await rewrite(page, ORDER.replace('$ext.crm.find(', '$ext.crm.discountOf('));
    await page.keyboard.press('Control+Enter');
    const answer = page.getByLabel('$ext.crm.discountOf(7)', { exact: true });
    await answer.waitFor();
    expect(await steps.count()).toBe(2);
    expect(await page.locator('.cm-waiting').textContent()).toContain('discountOf');
    expect(await page.getByRole('button', { name: 'Test' }).isDisabled()).toBe(true);
    expect(await findingsOf(page)).toEqual([]);
    await answer.fill('{ "name": "Bob", "discount": 0.5 }');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await returned(page).waitFor();
    expect(JSON.parse((await returned(page).textContent()) ?? '')).toEqual({ total: 105, currency: 'EUR' });
    await page.getByRole('button', { name: 'Test' }).click();
    const code = page.locator('.test-code');
    await expect.poll(() => code.textContent()).toContain('discountOf: answers([');
    expect(await findingsOf(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('shows as text whatever a handler puts out, and cuts what is long', async () => {
    const code = `$state[$args] = $args; $emit('e', $args); $log($args, 'x'.repeat(1e6)); $view.focus($args, $args);
      $state.long = '<b>'.repeat(4e5); await $ext.say.it($args); const e = new Error($args); e.name = $args; throw e;`;
    await using bench = await Bench.start({
      files: { 'evil.js': code },
      inputs: { args: JSON.stringify(EVIL) },
      extensions: { say: { it: () => EVIL } },
    });
    const { page, faults, context } = await open(bench);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.outcome .message').waitFor();
    await page.getByRole('button', { name: 'First step' }).click();
    expect(await page.locator('.log').textContent()).toMatch(/<img src=x.*more characters/);
    await page.getByText('The whole state').click();
    expect(await page.locator('.whole pre').textContent()).toContain('<img src=x');
    expect(await page.locator('img:not(.cm-widgetBuffer), main script').count()).toBe(0);
    expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false);
    expect((await page.locator('main').textContent())?.length).toBeLessThan(400_000);
    expect(await isSideways(page)).toBe(false);
    expect(await findingsOf(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });
});
