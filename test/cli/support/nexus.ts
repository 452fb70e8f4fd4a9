import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** The command as it is published. */
export const CLI = join(root, 'dist/cli.js');

/** How a call of the command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the environment of the tests must not say to the command. */
const SETTINGS = ['NO_COLOR', 'FORCE_COLOR', 'NEXUS_TOKEN', 'PORT', 'HOST'];

function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !SETTINGS.includes(name));
  return { ...Object.fromEntries(own), ...more };
}

/** A folder of an application that has the package installed. */
export class Folder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
    const folder = new Folder(await mkdtemp(join(tmpdir(), 'nexus-cli-')));
    await mkdir(join(folder.path, 'node_modules'));
    await symlink(root, join(folder.path, 'node_modules/nexus-runtime'));
    for (const [name, text] of Object.entries(files)) await folder.write(name, text);
    return folder;
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.path, name)), { recursive: true });
    await writeFile(join(this.path, name), text);
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return spawn(process.execPath, [CLI, ...args], { cwd: this.path, env: environment(env) });
  }

  nexus(
    args: readonly string[],
    { env = {}, input = '' }: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
  ): Promise<Ended> {
    const child = this.start(args, env);
    child.stdin.end(input);
    return ended(child);
  }

  /** With `--json`: what stdout has, which is one document. */
  async json(
    args: readonly string[],
    options: Parameters<Folder['nexus']>[1] = {},
  ): Promise<{ readonly code: number | null; readonly value: Record<string, unknown> }> {
    const { code, stdout } = await this.nexus([...args, '--json'], options);
    return { code, value: JSON.parse(stdout) as Record<string, unknown> };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

export function ended(child: ReturnType<Folder['start']>): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** Resolves when the output matches. Rejects when the process ends before. */
export function printed(child: ReturnType<Folder['start']>, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const look = (more: string) => {
      text += more;
      if (pattern.test(text)) resolve(text);
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    child.once('close', (code) => reject(new Error(`ended with ${code} after: ${text}`)));
  });
}

/** A real terminal: util-linux's `script` gives the command a pty, and passes keys to it. */
export function inTerminal(folder: Folder, args: readonly string[]) {
  const call = [process.execPath, CLI, ...args].map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
  const env = environment({ TERM: 'xterm' });
  return spawn(
    'script',
    ['--quiet', '--return', '--flush', '--command', `stty cols 100 rows 30; exec ${call}`, '/dev/null'],
    { cwd: folder.path, env },
  );
}
