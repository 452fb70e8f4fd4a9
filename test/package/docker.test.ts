import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../../examples/docker/${name}`, import.meta.url));

it('what the example image precompiles, its first execution finds on disk, and its README shows that', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [path('run.mjs')]);
  expect(stdout).toBe('1 compiled, 0 were there\nHello, Ada disk\n');
  expect(await readFile(path('README.md'), 'utf8')).toContain(stdout);
});

it('the example image takes its files over as owned by the user that it runs as', async () => {
  const dockerfile = await readFile(path('Dockerfile'), 'utf8');
  const user = /^USER (\S+)$/m.exec(dockerfile)?.[1] ?? 'root';
  expect(user).not.toBe('root');
  expect(dockerfile).toContain(`COPY --from=build --chown=${user}:${user} /app /app\n`);
});
