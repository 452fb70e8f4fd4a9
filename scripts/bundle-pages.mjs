// Bundles the pages that the server serves: each folder of `src/pages` with a `page.ts` is one. What several have in common is a chunk of its own.
// Names of scripts and styles have a hash of their content, so that browsers may keep them for good.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

const PREFIX = 'src/pages';

/**
 * @param {string} outdir where the pages go: `<name>.html`, and `assets/`
 * @param {string} root the project's
 * @returns {Promise<string[]>} the files that they were made of, from the root of the project
 */
export async function bundlePages(outdir, root) {
  const folders = await readdir(`${root}/${PREFIX}`, { withFileTypes: true });
  const names = [];
  for (const { name } of folders.filter((entry) => entry.isDirectory())) {
    if ((await readdir(`${root}/${PREFIX}/${name}`)).includes('page.ts')) names.push(name);
  }
  const common = {
    absWorkingDir: root,
    outdir: `${outdir}/assets`,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    platform: 'browser',
    target: ['es2022', 'chrome111', 'firefox114', 'safari16.4'],
    minify: true,
    charset: 'utf8',
    tsconfig: `${PREFIX}/tsconfig.json`,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  };
  const { metafile } = await build({
    ...common,
    entryPoints: names.map((name) => ({ in: `${PREFIX}/${name}/page.ts`, out: name })),
    splitting: true,
    format: 'esm',
  });
  // It holds up the page, so it is a script and not a module.
  const first = await build({ ...common, entryPoints: [`${PREFIX}/shared/early.ts`], format: 'iife' });
  const [early = ''] = Object.keys(first.metafile.outputs);
  const template = await readFile(`${root}/${PREFIX}/page.html`, 'utf8');
  const made = Object.entries(metafile.outputs);
  const scriptOf = (entry) => made.find(([, output]) => output.entryPoint === entry)?.[0] ?? '';
  await mkdir(outdir, { recursive: true });
  for (const name of names) {
    const script = scriptOf(`${PREFIX}/${name}/page.ts`);
    const { cssBundle, imports } = metafile.outputs[script];
    const needed = imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
    const head = [
      ...(cssBundle === undefined ? [] : [`<link rel="stylesheet" href="${asset(cssBundle)}">`]),
      `<script src="${asset(early)}"></script>`,
      ...needed.map((path) => `<link rel="modulepreload" href="${asset(path)}">`),
      `<script type="module" src="${asset(script)}"></script>`,
    ];
    const page = template
      .replaceAll('TITLE', () => `${name[0]?.toUpperCase()}${name.slice(1)}`)
      .replace('<!-- HEAD -->', () => head.join('\n    '));
    await writeFile(`${outdir}/${name}.html`, page);
  }
  const inputs = [...Object.keys(metafile.inputs), ...Object.keys(first.metafile.inputs)];
  return [`${PREFIX}/page.html`, 'scripts/bundle-pages.mjs', ...new Set(inputs)];
}

/** From a page to what is in `assets`. */
function asset(path) {
  return `assets/${basename(path)}`;
}
