// Bundlers: with the line of configuration that docs/bundlers.md gives, and without it, where the package says which line is missing.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { program } from '../programs.mjs';

/** What the package says in a bundle that left its files behind. */
const LEFT_BEHIND = /does not find its file .* Keep the package out of the bundle/;

/** Runs a bundle where nothing but it was deployed. */
function deployed(lab, file, { node, withModules = false } = {}) {
  const folder = `deployed/${Date.now()}`;
  mkdirSync(lab.path(folder), { recursive: true });
  cpSync(lab.path(dirname(file)), lab.path(folder), { recursive: true });
  if (!withModules) rmSync(lab.path('node_modules'), { recursive: true });
  return lab.node([join(folder, file.slice(dirname(file).length + 1))], { node, mayFail: true });
}

const esbuild = (format, isExternal, node = 20) => ({
  name: `esbuild, ${format}, ${isExternal ? 'external' : 'all in one file'}, Node ${node}`,
  refusal: isExternal ? undefined : LEFT_BEHIND,
  isShort: !isExternal,
  run: (lab) => {
    lab.install({ esbuild: '0.28' });
    const out = `out/main.${format === 'esm' ? 'mjs' : 'cjs'}`;
    const options = { entryPoints: ['main.mjs'], bundle: true, platform: 'node', format, outfile: out };
    lab.write({
      'main.mjs': program('esm'),
      'build.mjs': `
        import { build } from 'esbuild';
        await build(${JSON.stringify({ ...options, ...(isExternal && { external: ['nexus-runtime'] }) })});
      `,
    });
    lab.node(['build.mjs']);
    return deployed(lab, out, { node, withModules: isExternal });
  },
});

const webpack = (isExternal, format = 'esm') => ({
  name: `webpack 5, ${format}, ${isExternal ? 'external' : 'all in one file'}`,
  refusal: isExternal ? undefined : LEFT_BEHIND,
  run: (lab) => {
    lab.install({ webpack: '5', 'webpack-cli': '6' });
    const isEsm = format === 'esm';
    const externals = isEsm
      ? `externals: [/^nexus-runtime(\\/|$)/], externalsType: 'module',`
      : `externals: [/^nexus-runtime(\\/|$)/], externalsType: 'commonjs',`;
    const output = isEsm
      ? `output: { filename: 'main.mjs', module: true, chunkFormat: 'module' }, experiments: { outputModule: true },`
      : `output: { filename: 'main.cjs' },`;
    lab.write({
      'main.mjs': program('esm'),
      'webpack.config.mjs': `export default {
        entry: './main.mjs', target: 'node20', mode: 'none',
        ${output} ${isExternal ? externals : ''}
      };`,
    });
    lab.bin('webpack', [], { timeout: 300_000 });
    return deployed(lab, isEsm ? 'dist/main.mjs' : 'dist/main.cjs', { withModules: isExternal });
  },
});

const rollup = (isExternal) => ({
  name: `rollup 4, ${isExternal ? 'external' : 'all in one file'}`,
  refusal: isExternal ? undefined : LEFT_BEHIND,
  run: (lab) => {
    lab.install({
      rollup: '4',
      '@rollup/plugin-node-resolve': '16',
      '@rollup/plugin-commonjs': '29',
      '@rollup/plugin-json': '6',
    });
    lab.write({
      'main.mjs': program('esm'),
      'rollup.config.mjs': `
        import commonjs from '@rollup/plugin-commonjs';
        import json from '@rollup/plugin-json';
        import resolve from '@rollup/plugin-node-resolve';
        export default {
          input: 'main.mjs', output: { dir: 'out', entryFileNames: 'main.mjs', chunkFileNames: '[name].mjs' },
          plugins: [resolve({ preferBuiltins: true }), commonjs(), json()],
          ${isExternal ? `external: [/^nexus-runtime(\\/|$)/],` : ''}
        };`,
    });
    lab.bin('rollup', ['-c', '--silent']);
    return deployed(lab, 'out/main.mjs', { withModules: isExternal });
  },
});

const vite = (isExternal) => ({
  name: `vite 8 SSR, ${isExternal ? 'as it is' : 'noExternal'}`,
  refusal: isExternal ? undefined : LEFT_BEHIND,
  run: (lab) => {
    lab.install({ vite: '8' }, { node: 22 });
    lab.write({
      'main.mjs': program('esm'),
      'vite.config.mjs': `export default {
        build: { ssr: 'main.mjs', outDir: 'out', rollupOptions: { output: { entryFileNames: 'main.mjs' } } },
        ${isExternal ? '' : 'ssr: { noExternal: true },'}
      };`,
    });
    lab.bin('vite', ['build', '--logLevel', 'error'], { node: 22 });
    return deployed(lab, 'out/main.mjs', { node: 22, withModules: isExternal });
  },
});

const NEXT_ROUTE = `export const dynamic = 'force-dynamic';
export async function GET() {
  const lines = [];
  const console = { log: (line) => lines.push(line) };
  await run(console);
  return new Response(lines.join('\\n'));
}
`;

/** The program, called by a request. */
function nextRoute() {
  const text = program('esm', '{ cacheDir: false }');
  const [imports, body] = [
    text.slice(0, text.indexOf('\nasync function')),
    text.slice(text.indexOf('\nasync function')),
  ];
  return `${imports}\nasync function run(console) {${body.replace('\nexercise(', '\nawait exercise(')}}\n${NEXT_ROUTE}`;
}

/** Starts the server, asks it once and ends it. */
const ASK = `
import { spawn } from 'node:child_process';
const [file, ...args] = process.argv.slice(2);
const port = String(20_000 + Math.floor(Math.random() * 20_000));
const server = spawn(process.execPath, [file, ...args, ...(args.includes('start') ? ['-p', port] : [])], {
  env: { ...process.env, PORT: port, HOSTNAME: '127.0.0.1' }, stdio: ['ignore', 'inherit', 'inherit'],
});
for (let attempt = 0; attempt < 60; attempt++) {
  try {
    const response = await fetch('http://127.0.0.1:' + port + '/ask');
    console.log(await response.text());
    break;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
server.kill();
`;

const next = (what, config, { isStandalone = false, refusal } = {}) => ({
  name: `next 16, ${what}`,
  refusal,
  run: (lab) => {
    lab.install({ next: '16', react: '19', 'react-dom': '19' }, { node: 22 });
    lab.write({
      'app/layout.js': `export default ({ children }) => <html><body>{children}</body></html>;`,
      'app/ask/route.js': nextRoute(),
      'next.config.mjs': `export default ${JSON.stringify(config)};`,
      'ask.mjs': ASK,
    });
    const env = { NEXT_TELEMETRY_DISABLED: '1' };
    lab.bin('next', ['build'], { node: 22, env, timeout: 300_000 });
    if (!isStandalone) return lab.node(['ask.mjs', 'node_modules/next/dist/bin/next', 'start'], { node: 22, env });
    // All that is deployed of it.
    lab.command('mv', ['.next/standalone', 'elsewhere']);
    rmSync(lab.path('node_modules'), { recursive: true });
    return lab.node(['ask.mjs', 'elsewhere/server.js'], { node: 22, env });
  },
});

export const rows = [
  esbuild('esm', true),
  esbuild('cjs', true),
  esbuild('esm', false),
  esbuild('cjs', false),
  webpack(true),
  webpack(true, 'cjs'),
  webpack(false),
  webpack(false, 'cjs'),
  rollup(true),
  rollup(false),
  vite(true),
  vite(false),
  next('default', {}, { refusal: LEFT_BEHIND }),
  next('serverExternalPackages', { serverExternalPackages: ['nexus-runtime'] }),
  next(
    'output standalone',
    { output: 'standalone', serverExternalPackages: ['nexus-runtime'] },
    { isStandalone: true },
  ),
  {
    name: '@vercel/nft, only the traced files deployed',
    run: (lab) => {
      lab.install({ '@vercel/nft': '1' });
      lab.write({
        'main.mjs': program('esm'),
        'trace.mjs': `
          import { nodeFileTrace } from '@vercel/nft';
          import { cpSync } from 'node:fs';
          const { fileList } = await nodeFileTrace(['main.mjs']);
          for (const file of fileList) cpSync(file, 'traced/' + file, { recursive: true });
        `,
      });
      lab.node(['trace.mjs']);
      rmSync(lab.path('node_modules'), { recursive: true });
      return lab.node(['traced/main.mjs'], { mayFail: true });
    },
  },
];
