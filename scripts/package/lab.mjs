// One row's empty folder, and what can be done in it.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { node, tool } from './tools.mjs';

const INSTALL_TIMEOUT_MS = 400_000;
const RUN_TIMEOUT_MS = 120_000;
/** Of an output that is shown when a row fails. */
const SHOWN_CHARACTERS = 2_000;

/** What npm installed, by what it was asked for: the next row that asks for the same gets a copy. */
const installed = new Map();

/** Removes them. */
export function removeInstalled() {
  for (const path of installed.values()) rmSync(dirname(path), { recursive: true, force: true });
  installed.clear();
}

/** The row could not be tried: a network, a registry or a tool is at fault and not the package. */
export class NotTried extends Error {}

export class Lab {
  /** @param tarball what `npm pack` made */
  constructor(tarball) {
    this.tarball = tarball;
    this.folder = mkdtempSync(join(tmpdir(), 'nexus-row-'));
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  path(...names) {
    return join(this.folder, ...names);
  }

  read(name) {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Text, or an object as JSON, by name. */
  write(files) {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(
        this.path(name),
        typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`,
      );
    }
  }

  /**
   * Installs the tarball, and packages beside it, with npm.
   *
   * @param packages `{ vitest: '5' }`
   */
  install(packages = {}, { node: major, manifest = {}, flags = [] } = {}) {
    this.write({
      'package.json': {
        name: 'row',
        private: true,
        type: 'module',
        ...manifest,
        dependencies: { 'nexus-runtime': `file:${this.tarball}`, ...packages },
      },
    });
    const key = JSON.stringify([major, manifest, packages, flags]);
    const known = installed.get(key);
    if (known !== undefined) {
      cpSync(known, this.path('node_modules'), { recursive: true, verbatimSymlinks: true });
      return;
    }
    const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
    const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock', ...flags];
    this.command(node(major), [npm, ...args], { timeout: INSTALL_TIMEOUT_MS });
    const kept = join(mkdtempSync(join(tmpdir(), 'nexus-installed-')), 'node_modules');
    cpSync(this.path('node_modules'), kept, { recursive: true, verbatimSymlinks: true });
    installed.set(key, kept);
  }

  /** Runs a script in the folder with a Node by its major version. @returns what it printed, on both streams */
  node(args, { node: major, ...options } = {}) {
    return this.command(node(major), args, options);
  }

  /** The same, with what is in `node_modules/.bin`. */
  bin(name, args, options = {}) {
    return this.node([this.path('node_modules', '.bin', name), ...args], options);
  }

  /** The same, with a package manager or another host. */
  tool(name, args, options = {}) {
    const file = tool(name);
    const isScript = /\.[cm]?js$/.test(file);
    const { node: major, ...rest } = options;
    return this.command(isScript ? node(major) : file, isScript ? [file, ...args] : args, rest);
  }

  /** @throws Error with the output when it fails, unless `mayFail` */
  command(file, args, { env = {}, timeout = RUN_TIMEOUT_MS, mayFail = false, cwd = this.folder, uid, gid } = {}) {
    const { NODE_OPTIONS, NODE_PATH, ...inherited } = process.env;
    const path = `${dirname(node())}:${inherited.PATH}`;
    const child = spawnSync(file, args, {
      cwd,
      timeout,
      uid,
      gid,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
      env: { ...inherited, PATH: path, CI: '1', NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    });
    const output = `${child.stdout ?? ''}${child.stderr ?? ''}`;
    if (child.error !== undefined) throw new Error(`${file} ${args.join(' ')}: ${child.error.message}\n${cut(output)}`);
    if (child.status !== 0 && !mayFail) {
      throw new Error(`${file} ${args.join(' ')} exits with ${child.status ?? child.signal}\n${cut(output)}`);
    }
    return output;
  }
}

function cut(text) {
  return text.length <= SHOWN_CHARACTERS ? text : `…${text.slice(-SHOWN_CHARACTERS)}`;
}
