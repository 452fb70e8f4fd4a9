import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { NexusError } from '../../errors/nexus-error.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';

export const init: Command = {
  name: 'init',
  summary:
    'Creates the files that an editor and a build need: a first handler, its types, mocks, and a configuration. Files that exist are kept.',
  usage: '[DIR] [--typescript]',
  arguments: { min: 0, max: 1 },
  options: { typescript: { type: 'boolean', doc: 'handlers in TypeScript; default: if there is a tsconfig.json' } },
  examples: [
    ['nexus init', 'in this folder'],
    ['nexus init app --typescript', 'in another one, with TypeScript'],
  ],
  run: async ({ options, positionals, terminal }) => {
    const [directory = '.'] = positionals;
    const isTyped = options.flag('typescript') || (await exists(join(directory, 'tsconfig.json')));
    const written: string[] = [];
    const kept: string[] = [];
    for (const [name, content] of Object.entries(filesOf(isTyped))) {
      const path = join(directory, name);
      if (await writeNew(path, content)) written.push(name);
      else kept.push(name);
    }
    if (await ignoreCache(join(directory, '.gitignore'))) written.push('.gitignore');
    else kept.push('.gitignore');
    terminal.json({ directory, written, kept });
    for (const name of written) terminal.out(`${terminal.style('green', 'created')} ${name}`);
    for (const name of kept) terminal.out(`${terminal.style('dim', 'kept   ')} ${name}`);
    const handler = `handlers/greet.${isTyped ? 'ts' : 'js'}`;
    terminal.out('');
    const inside = directory === '.' ? '' : `cd ${JSON.stringify(directory)} && `;
    terminal.out(
      `Next: ${inside}nexus run ${handler} --ext mocks.mjs --args '{ "id": 1 }' --allow 'state:*,ext:users.find'`,
    );
    return EXIT.ok;
  },
};

function filesOf(isTyped: boolean): Readonly<Record<string, string>> {
  const extension = isTyped ? 'ts' : 'js';
  return {
    [`handlers/greet.${extension}`]: isTyped ? TYPED_HANDLER : HANDLER,
    'handlers/handler.d.ts': DECLARATIONS,
    'handlers/tsconfig.json': project(isTyped),
    'mocks.mjs': MOCKS,
    'nexus.config.mjs': configuration(extension),
  };
}

const HANDLER = `// The body of an async function. Its globals are declared in handler.d.ts.
const user = await $ext.users.find($args.id);
$state.greeted = ($state.greeted ?? 0) + 1;
$log('greeting', user.name);
return \`Hello \${user.name}!\`;
`;

const TYPED_HANDLER = `// The body of an async function. Its globals are declared in handler.d.ts.
const user: User = await $ext.users.find($args.id);
$state.greeted = ($state.greeted ?? 0) + 1;
$log('greeting', user.name);
return \`Hello \${user.name}!\`;
`;

const DECLARATIONS = `// What handlers see of this application. Change it as the application grows: nexus check reports where they disagree.
import type { HandlerEmit, HandlerExtensions, HandlerLog, HandlerState, HandlerView } from 'nexus-runtime/handler';

interface AppUser {
  id: number;
  name: string;
}

interface AppState {
  greeted?: number;
}

interface AppExtensions {
  users: { find(id: number): AppUser };
}

declare global {
  const $state: HandlerState<AppState>;
  const $args: { id: number };
  const $scope: any;
  const $ext: HandlerExtensions<AppExtensions>;
  const $emit: HandlerEmit<Record<string, unknown>>;
  const $view: HandlerView;
  const $log: HandlerLog;
  const $lib: {};
  type User = AppUser;
}
`;

function project(isTyped: boolean): string {
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'ESNext',
    moduleResolution: 'bundler',
    moduleDetection: 'force',
    types: [],
    strict: true,
    noEmit: true,
    ...(!isTyped && { allowJs: true, checkJs: true }),
  };
  return `${JSON.stringify({ compilerOptions, include: ['.'] }, undefined, 2)}\n`;
}

const MOCKS = `// Extensions for nexus run: what the application does when a handler calls $ext.<name>.<method>(…).
export const users = {
  find: (id) => ({ id, name: 'Ada' }),
};
`;

function configuration(extension: string): string {
  return `// Options of the command line have precedence over variables of the environment, and these over this file.
/** @type {import('nexus-runtime/server').NexusConfig} */
export default {
  // Options of createRuntime.
  runtime: { cacheDir: '.nexus-cache', timeoutMs: 1_000 },
  // Options of nexus build.
  build: { include: 'handlers/**/*.${extension}', outDir: 'out' },
  // Options of nexus serve. Without tokens it serves this machine only.
  server: { port: 8787, manifest: 'out/manifest.json' },
};
`;
}

/** @returns false if there is such a file */
async function writeNew(path: string, content: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new NexusError('INVALID_ARGUMENT', `${path} cannot be written: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

/** @returns whether the file was changed */
async function ignoreCache(path: string): Promise<boolean> {
  const before = (await exists(path)) ? await readFile(path, 'utf8') : '';
  const missing = ['.nexus-cache/', 'out/'].filter((line) => !before.split(/\r?\n/).includes(line));
  if (missing.length === 0) return false;
  const separator = before === '' || before.endsWith('\n') ? '' : '\n';
  await writeFile(path, `${before}${separator}${missing.join('\n')}\n`);
  return true;
}

function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
