// Package managers.
import { program } from '../programs.mjs';

const manifest = (lab, more = {}) => ({
  name: 'row',
  private: true,
  type: 'module',
  dependencies: { 'nexus-runtime': `file:${lab.tarball}` },
  ...more,
});

const pnpm = (version, node) => ({
  name: `pnpm ${version}, Node ${node}`,
  run: (lab) => {
    lab.write({ 'package.json': manifest(lab), 'main.mjs': program('esm') });
    lab.tool(`pnpm${version}`, ['install', '--no-frozen-lockfile'], { node, timeout: 400_000 });
    return lab.node(['main.mjs'], { node });
  },
});

/** Yarn reads its settings from a file. Nothing of it is shared with other folders but the cache. */
const yarn = (linker, node) => ({
  name: `yarn 4 ${linker}, Node ${node}`,
  run: (lab) => {
    lab.write({
      'package.json': manifest(lab),
      'main.mjs': program('esm'),
      'main.cjs': program('cjs'),
      '.yarnrc.yml': `nodeLinker: ${linker}\nenableTelemetry: false\nenableImmutableInstalls: false\n`,
      'yarn.lock': '',
    });
    lab.tool('yarn4', ['install'], { node, timeout: 400_000 });
    const outputs = ['main.mjs', 'main.cjs'].map((file) => lab.tool('yarn4', ['node', file], { node, mayFail: true }));
    // The one that is worse is compared.
    return outputs.find((output) => !output.includes('exercised')) ?? outputs[0];
  },
});

export const rows = [
  {
    name: 'npm, Node 20',
    run: (lab) => {
      lab.install();
      lab.write({ 'main.mjs': program('esm') });
      return lab.node(['main.mjs']);
    },
  },
  pnpm(9, 20),
  pnpm(10, 22),
  pnpm(12, 24),
  {
    name: 'yarn 1, Node 20',
    run: (lab) => {
      lab.write({ 'package.json': manifest(lab), 'main.mjs': program('esm') });
      lab.tool('yarn1', ['install', '--no-lockfile', '--non-interactive'], { timeout: 400_000 });
      return lab.node(['main.mjs']);
    },
  },
  yarn('node-modules', 22),
  yarn('pnp', 20),
  yarn('pnp', 22),
  yarn('pnp', 24),
  {
    name: 'bun install and bun',
    run: (lab) => {
      lab.write({ 'package.json': manifest(lab), 'main.mjs': program('esm'), 'main.cjs': program('cjs') });
      lab.tool('bun', ['install', '--no-save'], { timeout: 400_000 });
      const outputs = ['main.mjs', 'main.cjs'].map((file) => lab.tool('bun', ['run', file], { mayFail: true }));
      return outputs.find((output) => !output.includes('exercised')) ?? outputs[0];
    },
  },
  {
    name: 'deno install and deno',
    run: (lab) => {
      lab.write({ 'package.json': manifest(lab), 'main.mjs': program('esm') });
      lab.install();
      return lab.tool('deno', ['run', '-A', 'main.mjs'], { mayFail: true });
    },
  },
];
