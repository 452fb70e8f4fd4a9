import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const guides = (await readdir(join(root, 'docs'), { recursive: true }))
  .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
  .map((name) => join('docs', name));
const rationales = (await readdir(join(root, 'src'), { recursive: true }))
  .filter((name) => name.endsWith('RATIONALE.md'))
  .map((name) => join('src', name));
const documents = ['README.md', 'CONTRIBUTING.md', ...guides.sort(), ...rationales.sort()];

/** Repository paths that a text names in backticks: paths that start with one of the root folders. */
const PLACE = /`((?:src|test|scripts|benchmarks|examples|docs|deploy)\/[\w./-]*)`/g;
/** Files in src that a document names without that prefix: `pool/dispatcher`, with or without an extension. */
const SHORT =
  /`((?:runtime|execution|suspension|capabilities|compiler|cache|pool|metrics|protocol|worker|engine|guest|source|codec|support|config|api|errors|testing)\/[\w./-]+)`/g;

async function isThere(path: string): Promise<boolean> {
  return access(join(root, path)).then(
    () => true,
    () => false,
  );
}

describe('the documents', () => {
  it.each(documents)('%s names only files that exist', async (document) => {
    const text = await readFile(join(root, document), 'utf8');
    const missing: string[] = [];
    for (const [, place = ''] of text.matchAll(PLACE)) if (!(await isThere(place))) missing.push(place);
    for (const [, place = ''] of text.matchAll(SHORT)) {
      const candidates = [place, `${place}.ts`].flatMap((name) => [join('src', name), join('test', name)]);
      const found = await Promise.all(candidates.map(isThere));
      if (!found.includes(true)) missing.push(place);
    }
    expect(missing).toEqual([]);
  });

  it('draw every folder of src', async () => {
    const architecture = await readFile(join(root, 'docs', 'ARCHITECTURE.md'), 'utf8');
    const folders = (await readdir(join(root, 'src'), { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(folders.filter(({ name }) => !architecture.includes(`src/${name}/`)).map(({ name }) => name)).toEqual([]);
  });
});
