// Runs the suites of the adapters of code mode in the newest releases of the frameworks, which need Node 22: `npm run test:frameworks`. CI runs them
// in those of the benchmarks' package, which Node 20 can load.
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { node } from './package/tools.mjs';

/** With what npm would not choose by itself where it runs on an older Node. */
const PACKAGES = [
  ...[
    'ai@^7',
    'openai@^7',
    '@anthropic-ai/sdk@^1',
    '@tanstack/ai@0.39.0',
    '@tanstack/ai-code-mode',
    '@cloudflare/codemode',
  ],
  ...['@mastra/core@^1.38', 'zod'],
];

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}/node_modules/.cache/nexus-runtime/frameworks`;
await mkdir(folder, { recursive: true });
await writeFile(`${folder}/package.json`, '{ "private": true, "type": "module" }\n');
const binary = node(22);
const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps', ...PACKAGES];
run('npm', install, folder);
run(binary, ['node_modules/vitest/vitest.mjs', 'run', 'test/code-mode/adapters'], root);

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, NEXUS_FRAMEWORKS: folder },
  });
  if (status !== 0) process.exit(status ?? 1);
}
