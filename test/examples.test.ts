import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const documents = [
  'README.md',
  'docs/caching.md',
  'docs/getting-started.md',
  'docs/handlers.md',
  'docs/operations.md',
  'docs/pool.md',
  'docs/suspension.md',
];
const readme = await readFile(join(root, 'README.md'), 'utf8');

/** Every program of a document with the output that stands behind it, if any does. */
async function programsOf(document: string): Promise<[title: string, code: string, output: string | undefined][]> {
  const text = await readFile(join(root, document), 'utf8');
  const blocks = text.matchAll(/```js\n(?<code>[\s\S]*?)```(?:\n+(?:prints\n+)?```\n(?<output>[\s\S]*?)```)?/g);
  return [...blocks].map(({ groups }, i) => [
    `${document}, program ${i + 1}`,
    groups?.['code'] ?? '',
    groups?.['output'],
  ]);
}

const programs = (await Promise.all(documents.map(programsOf))).flat();

describe('the documents', () => {
  it('have programs', () => {
    expect(programs.length).toBeGreaterThanOrEqual(17);
  });

  it.each(programs)(
    '%s prints what it says',
    async (_title, code, output) => {
      const folder = await mkdtemp(join(tmpdir(), 'nexus-document-'));
      try {
        // Self-reference works from inside the package only; the cache goes where the program runs.
        const main = JSON.stringify(join(root, 'dist', 'index.js'));
        const program = code.replaceAll("'nexus-runtime'", main);
        const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
        expect(stdout.trim()).toBe((output ?? stdout).trim());
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    20_000,
  );

  it('name only scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]);
    for (const script of new Set(named)) expect(Object.keys(scripts)).toContain(script);
  });
});

describe('the quick start', () => {
  it('is the first program of the README, and prints what that prints', async () => {
    const [[, code, output] = []] = programs;
    const unindented = (text: string | undefined) => text?.replaceAll(/^ +/gm, '') ?? '';
    const handler = await readFile(join(root, 'examples', 'quick-start', 'handler.js'), 'utf8');
    expect(unindented(code)).toContain(handler);
    const { stdout } = await run(process.execPath, [join(root, 'examples', 'quick-start', 'run.mjs')]);
    expect(stdout).toBe(output);
  }, 20_000);
});

describe('the sales report', () => {
  it('has lodash as a library, and what it must come to', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'examples', 'sales-report', 'run.mjs')]);
    expect(stdout).toContain('PAPER-A4');
  }, 20_000);
});

describe('the demo', () => {
  it('verifies its own results, compiles at the first start and finds everything on disk at the second', async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), 'nexus-demo-'));
    const start = () => run(process.execPath, [join(root, 'examples', 'demo.mjs')], { env: { CACHE_DIR: cacheDir } });
    try {
      const { stdout: first } = await start();
      expect(first).toMatch(/price-order +total €1,617\.61 +compiled/);
      const { stdout: second } = await start();
      expect(second).toMatch(/price-order +total €1,617\.61 +disk/);
      expect(second).toContain('No handler was compiled: all came from disk');
    } finally {
      await rm(cacheDir, { recursive: true, force: true });
    }
  }, 30_000);
});

describe('the approval example', () => {
  it('goes on in another process with the answer of a person, and answers once', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'examples', 'approval', 'run.mjs')]);
    const [before, after] = stdout.split('$ node app.mjs answer');
    expect(before).toMatch(/suspended\s+\$state\.status = waiting for approval\s+refund\.requested/);
    expect(before).not.toContain('refunded');
    expect(after).toContain('found refund of order-1042, waiting for approvals.request');
    expect(after).toMatch(/success\s+\$state\.status = refunded\s+refund\.granted/);
    expect(after).not.toContain('refund.requested');
    expect(after?.match(/says Grace/g)).toHaveLength(2);
    expect(after).not.toContain('Mallory');
  }, 30_000);
});
