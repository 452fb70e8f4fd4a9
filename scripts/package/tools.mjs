// Nodes and package managers, each from its npm package. They are installed once, into a folder that later runs find again.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FOLDER = process.env.NEXUS_PACKAGE_TOOLS ?? join(tmpdir(), 'nexus-package-tools');
const RUNNING = Number(process.versions.node.split('.')[0]);
const HOST = `${process.platform}-${process.arch}`;

/** Where the file of a package is that is executed, by what rows call the tool. */
const TOOLS = {
  pnpm9: ['pnpm@9', 'pnpm/bin/pnpm.cjs'],
  pnpm10: ['pnpm@10', 'pnpm/bin/pnpm.cjs'],
  pnpm12: ['pnpm@12', 'pnpm/bin/pnpm.mjs'],
  yarn1: ['yarn@1', 'yarn/bin/yarn.js'],
  yarn4: ['@yarnpkg/cli-dist@4', '@yarnpkg/cli-dist/bin/yarn.js'],
  bun: [`@oven/bun-${HOST.replace('arm64', 'aarch64')}`, `@oven/bun-${HOST.replace('arm64', 'aarch64')}/bin/bun`],
  dockerfilelint: ['dockerfilelint@1.8.0', 'dockerfilelint/bin/dockerfilelint'],
  deno: [`@deno/${HOST}-glibc`, `@deno/${HOST}-glibc/deno`],
};

/** The path of a tool; it is fetched when it is not there yet. */
export function tool(name) {
  const [wanted, path] = TOOLS[name];
  return fetched(name, wanted, path);
}

/** The binary of a Node by its major version; the one that runs this by default. */
export function node(major) {
  if (major === undefined || major === RUNNING) return process.execPath;
  return fetched(`node${major}`, `node-${HOST}@${major}`, `node-${HOST}/bin/node`);
}

function fetched(name, wanted, path) {
  const folder = join(FOLDER, name);
  const file = join(folder, 'node_modules', path);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, wanted];
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (!existsSync(file)) throw new Error(`${wanted} has no file ${path}`);
  return file;
}
