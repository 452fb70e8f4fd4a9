import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

it('the package names OpenTelemetry only in the entry for it', async () => {
  const files = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith('.js'));
  const naming: string[] = [];
  for (const name of files) {
    if ((await readFile(join(dist, name), 'utf8')).includes('@opentelemetry')) naming.push(name);
  }
  expect(naming).toEqual(['otel.js']);
});
