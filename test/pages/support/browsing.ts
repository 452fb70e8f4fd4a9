import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AxeResults, RunOptions } from 'axe-core';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

import { CHROMIUM } from '../../support/servers/installed.mjs';

export { CHROMIUM, titleOf } from '../../support/servers/installed.mjs';

/** `NEXUS_PICTURES=1` writes the pictures of the documentation. */
export const PICTURES = process.env['NEXUS_PICTURES'] === '1';
/** A browser on a busy machine. A picture is taken when there is something on it. */
export const PATIENCE = { timeout: PICTURES ? 240_000 : 90_000 };
const PICTURE_FOLDER = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

/** A page that is looked at, and what went wrong in it. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, refusals of the content security policy, and lines of errors in the console. */
  readonly faults: string[];
}

/** A browser for the tests of one file. */
export class Browsing implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Browsing> {
    const browser = await chromium.launch({
      executablePath: CHROMIUM as string,
      // Of the container; the pages are our own.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none', '--js-flags=--expose-gc'],
    });
    return new Browsing(browser);
  }

  /** @param token it is entered where a person does, before the page is there */
  async visit(url: string, options: BrowserContextOptions & { readonly token?: string } = {}): Promise<Visit> {
    const { token, ...given } = options;
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...given });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      // The form for the token comes of a refusal.
      if (message.type() === 'error' && !message.text().includes('401 (Unauthorized)'))
        faults.push(`${message.text()} ${message.location().url}:${message.location().lineNumber}`);
    });
    await page.goto(url);
    if (token !== undefined) await signIn(page, token);
    return { page, context, faults };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** What axe finds: rules that are broken, with the elements. Axe is put in beside the page, whose policy would refuse it. */
export async function findingsOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const axe = await readFile(AXE, 'utf8');
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  const evaluate = (expression: string) =>
    session.send('Runtime.evaluate', {
      expression,
      contextId: executionContextId,
      awaitPromise: true,
      returnByValue: true,
    });
  await evaluate(`${axe}\n;0`);
  const options: RunOptions = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
  const { result, exceptionDetails } = await evaluate(`axe.run(document, ${JSON.stringify(options)})`);
  await session.detach();
  if (exceptionDetails !== undefined) throw new Error(`axe: ${JSON.stringify(exceptionDetails)}`);
  const { violations, passes } = result.value as AxeResults;
  if (passes.length === 0) throw new Error('axe looked at nothing');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

/** Whether something is wider than the page. */
export function isSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** Writes a picture, if pictures are wanted. */
export async function picture(page: Page, name: string, options: { readonly fullPage?: boolean } = {}): Promise<void> {
  if (PICTURES) await page.screenshot({ path: `${PICTURE_FOLDER}${name}.png`, ...options });
}
