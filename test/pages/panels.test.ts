import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRuntime, type NexusRuntime } from 'nexus-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Browsing, CHROMIUM, findingsOf, isSideways, picture, titleOf } from './support/browsing.js';

interface Application {
  listen(at: { readonly port: number }): Promise<string>;
  close(): Promise<void>;
}

const { createApplication } = (await import('../../examples/panels/server.mjs' as string)) as {
  createApplication(runtime: NexusRuntime, folder?: URL): Promise<Application>;
};

const EVIL = '<img src=x onerror="globalThis.owned=1">';
const HOSTILE = `<NexusPanel title="${EVIL.replaceAll('<', '&lt;').replaceAll('"', '&quot;')}">
  <Data><Value name="said">""</Value></Data>
  <Tools><Tool name="say"><Handler><![CDATA[
    $state.said = '${EVIL}' + 'x'.repeat(1e6);
    $view.command('b', 'problem', '${EVIL}');
    throw new Error('${EVIL}');
  ]]></Handler></Tool></Tools>
  <View><Text id="b">{said}{constructor.name}{__proto__}</Text><Button label="Say" tool="say"/></View>
</NexusPanel>`;

let browsing: Browsing;
let runtime: NexusRuntime;

describe.skipIf(CHROMIUM === undefined)(titleOf('panels in a browser', CHROMIUM), () => {
  beforeAll(async () => {
    browsing = await Browsing.start();
    runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  });
  afterAll(async () => {
    await browsing?.[Symbol.asyncDispose]();
    await runtime?.shutdown();
  });

  it('open, take what is typed, show a spinner at once and errors where they belong', async () => {
    const application = await createApplication(runtime);
    const { page, faults, context } = await browsing.visit(`${await application.listen({ port: 0 })}/#shop`, {
      viewport: { width: 1000, height: 760 },
    });
    try {
      await page.getByText('Try "lamp" or "desk"').waitFor();
      const article = page.getByLabel('Article', { exact: true });
      // Too short: beside the field, which has the focus.
      await article.fill('l');
      await article.press('Enter');
      await page.locator('[id="find/text-problem"]').getByText('At least 2 characters.').waitFor();
      expect(await article.getAttribute('aria-invalid')).toBe('true');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('find/text');
      // The service takes its time; the spinner does not wait for it.
      await article.fill('lamp');
      await article.press('Enter');
      await page.locator('[data-key="results"]').getByText('Working…').waitFor();
      expect(await page.getByText('Desk lamp').count()).toBe(0);
      await page.getByText('Desk lamp (LAMP-2) · 49 €').waitFor();
      expect(await page.getByText('Working…').count()).toBe(0);
      expect(await findingsOf(page)).toEqual([]);
      await page.getByRole('button', { name: 'One, please' }).first().click();
      await page.getByText('1 × LAMP-2').waitFor();
      expect(await page.getByText('Total: 49 €').count()).toBe(1);
      // What the shop refuses is told at the button that asked for it.
      await page.getByRole('button', { name: 'One, please' }).nth(1).click();
      await page.getByText('Floor lamp: only 0 left.').waitFor();
      expect(await page.locator('[data-key="results"] li').nth(1).textContent()).toContain('only 0 left');
      await picture(page, 'panels');
      expect(await findingsOf(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize({ width: 400, height: 800 });
      expect(await findingsOf(page)).toEqual([]);
      expect(await isSideways(page)).toBe(false);
      // Another panel, which begins anew.
      await page.getByRole('button', { name: 'feedback' }).click();
      await page.getByLabel('Note').fill('spam');
      await page.getByLabel('Note').press('Enter');
      await page.locator('[id="form-problem"]').getByText('This looks like spam.').waitFor();
      expect(await page.getByLabel('Note').inputValue()).toBe('spam');
      await page.getByLabel('Note').fill('A larger font');
      await page.getByLabel('Urgent').check();
      await page.getByRole('button', { name: 'Add' }).click();
      await page.getByText('A larger font (urgent)').waitFor();
      // Only an input that a handler refused is an error of the console, as the browser sees it.
      expect(faults.filter((fault) => !fault.includes('422'))).toEqual([]);
    } finally {
      await context.close();
      await application.close();
    }
  });

  it('show what handlers put out as text, and where a file is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nexus-panels-'));
    await writeFile(join(folder, 'evil.nxml'), HOSTILE);
    await writeFile(
      join(folder, 'wrong.nxml'),
      '<NexusPanel title="x">\n  <View>\n    <Buton label="x"/>\n  </View>\n</NexusPanel>',
    );
    const application = await createApplication(runtime, pathToFileURL(`${folder}/`));
    const { page, context } = await browsing.visit(`${await application.listen({ port: 0 })}/#evil`);
    try {
      await page.getByRole('button', { name: 'Say' }).click();
      await page.locator('.action .problem').getByText(EVIL).waitFor();
      expect(await page.getByRole('heading').textContent()).toBe(EVIL);
      expect(await page.locator('main img').count()).toBe(0);
      expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false);
      expect((await page.locator('main').textContent())?.length).toBeLessThan(5_000);
      expect(await isSideways(page)).toBe(false);
      await page.getByRole('button', { name: 'wrong' }).click();
      await page.getByText(/wrong\.nxml:3:5: expected <Column>.*found <Buton>; did you mean <Button>\?/).waitFor();
      expect(await findingsOf(page)).toEqual([]);
    } finally {
      await context.close();
      await application.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
