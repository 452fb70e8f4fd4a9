import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { HandlerDescription } from '../../api/manifest.js';
import type { CacheOptions } from '../../api/options.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { HandlerCompiler } from '../../runtime/handler-compiler.js';
import type { HandlerProblem } from '../../typescript/check-handlers.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { cannotRead, nameOf, readHandlerFile } from '../support/read-file.js';
import { printable, printableName, type Terminal } from '../terminal.js';

const SOURCE = /\.[cm]?[jt]s$/;
const NO_HANDLER = /(\.d\.[cm]?ts|\.(test|spec)\.[cm]?[jt]s)$/;
const MAX_SHOWN_CAPABILITIES = 4;

/** What is known of a file. */
interface Checked {
  readonly file: string;
  readonly description?: HandlerDescription;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly location?: unknown;
    readonly snippet?: unknown;
  };
}

export const check: Command = {
  name: 'check',
  summary: 'Checks the handlers of a folder: what does not compile, types, capabilities, sizes. Nothing is executed.',
  usage: 'DIR|FILE…',
  arguments: { min: 1, max: Number.POSITIVE_INFINITY },
  options: {
    project: {
      type: 'string',
      value: 'FILE',
      doc: 'the tsconfig.json of the handlers; default: the one in DIR, if there is one',
    },
  },
  runtimeOptions: ['cache'],
  examples: [
    ['nexus check handlers', 'every handler of a folder'],
    ['nexus check handlers --json', 'for a build step'],
  ],
  run: async ({ options, positionals, terminal, configuration }) => {
    const files = (await Promise.all(positionals.map(handlersIn))).flat();
    if (files.length === 0)
      throw new NexusError(
        'INVALID_ARGUMENT',
        `There are no handlers (.js, .mjs, .cjs, .ts, .mts, .cts) in ${positionals.join(', ')}.`,
      );
    const compiler = await openCompiler(await configuration.runtime());
    const progress = terminal.progress();
    const checked: Checked[] = [];
    try {
      for (const file of files) {
        progress.show(checked.length, files.length, file);
        checked.push(await checkOne(compiler, file));
      }
    } finally {
      progress.clear();
      await compiler.close();
    }
    const { problems, note } = await checkTypes(options.text('project') ?? (await projectIn(positionals)));
    // What does not compile is told once.
    const failed = new Set(checked.filter(({ error }) => error !== undefined).map(({ file }) => file));
    const types = { note, problems: problems.filter(({ file }) => !failed.has(file)) };
    terminal.json({ handlers: checked, types: types.problems, ...(types.note !== undefined && { note: types.note }) });
    return show(terminal, checked, types);
  },
};

/** Files of handlers, without declarations, tests and packages. */
async function handlersIn(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name) && !NO_HANDLER.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.split(/[\\/]/).includes('node_modules'))
    .sort();
}

async function openCompiler(options: CacheOptions): Promise<HandlerCompiler> {
  const { HandlerCompiler } = await import('../../index.js');
  const { cacheDir, cacheSecret, maxSourceBytes, wrap, modules } = options;
  const given = { cacheDir, cacheSecret, maxSourceBytes, wrap, modules };
  return new HandlerCompiler(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
}

async function checkOne(compiler: HandlerCompiler, path: string): Promise<Checked> {
  const file = nameOf(path);
  const handler = await readHandlerFile(path);
  try {
    return { file, description: await compiler.describe(handler.source ?? '', { filename: file }) };
  } catch (error) {
    if (!(error instanceof NexusError) || error.fault === 'host') throw error;
    const { location, snippet } = error.context;
    return {
      file,
      error: {
        code: error.code,
        message: error.message,
        ...(location !== undefined && { location }),
        ...(snippet !== undefined && { snippet }),
      },
    };
  }
}

interface Types {
  readonly problems: readonly HandlerProblem[];
  /** Why types were not checked. */
  readonly note?: string | undefined;
}

async function checkTypes(project: string | undefined): Promise<Types> {
  if (project === undefined)
    return { problems: [], note: 'Types were not checked: there is no tsconfig.json (nexus init writes one).' };
  const { checkHandlers } = await import('../../typescript/index.js');
  try {
    return { problems: await checkHandlers(project) };
  } catch (error) {
    if (!(error instanceof NexusError) || error.code !== 'INVALID_CONFIG') throw error;
    return { problems: [], note: `Types were not checked: ${error.message}` };
  }
}

async function projectIn(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const project = resolve(path, 'tsconfig.json');
    const text = await readFile(project, 'utf8').catch(() => undefined);
    if (text !== undefined) return project;
  }
  return undefined;
}

function show(terminal: Terminal, checked: readonly Checked[], { problems, note }: Types): number {
  const good = checked.filter(({ description }) => description !== undefined);
  if (good.length > 0) {
    terminal.table([
      ['handler', 'source', 'bytecode', 'entries', 'capabilities'],
      ...good.map(({ file, description }) => rowOf(file, description as HandlerDescription)),
    ]);
  }
  const failed = checked.filter(({ error }) => error !== undefined);
  for (const { file, error } of failed) {
    const { line, column } = (error?.location ?? {}) as { readonly line?: number; readonly column?: number };
    const name = printableName(file);
    const place = line === undefined ? name : `${name}:${line}:${column}`;
    terminal.out(`${terminal.style('red', place)} ${error?.code}: ${printable(error?.message)}`);
    if (typeof error?.snippet === 'string') terminal.out(printable(error.snippet));
  }
  for (const { file, line, column, code, message, snippet } of problems) {
    terminal.out(`${terminal.style('red', `${printableName(file)}:${line}:${column}`)} ${code}: ${printable(message)}`);
    terminal.out(printable(snippet));
  }
  if (note !== undefined) terminal.note(terminal.noteStyle('dim', note));
  const count = failed.length + problems.length;
  terminal.out(`${counted(checked.length, 'handler')}, ${count === 0 ? 'no problems' : counted(count, 'problem')}`);
  return count === 0 ? EXIT.ok : EXIT.guest;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function rowOf(file: string, { sizes, entries, capabilities }: HandlerDescription): string[] {
  const shown = capabilities.slice(0, MAX_SHOWN_CAPABILITIES).join(' ');
  const more = capabilities.length - MAX_SHOWN_CAPABILITIES;
  return [
    file,
    `${sizes.sourceBytes} B`,
    `${sizes.bytecodeBytes} B`,
    entries?.join(' ') ?? '',
    more > 0 ? `${shown} and ${more} more` : shown,
  ];
}
