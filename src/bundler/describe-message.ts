import { dirname, resolve } from 'node:path';

import { cut, MAX_REASON, nameInMessage } from '../config/check.js';
import type { BundleFailure } from './bundle-error.js';
import { ENTRY_FILE, type PlacedEntry } from './entry-module.js';
import type { Message } from './esbuild.js';
import { insteadOfBuiltin, isNodeBuiltin } from './node-builtins.js';
import { type Packages, packageNameOf, shownPath } from './package-of.js';
import { STYLE_SHEET } from './resolve-builtins.js';

const UNRESOLVED = /^Could not resolve "(.*)"$/s;
const NO_LOADER = /^No loader is configured for "(.*?)" files: (.*)$/s;
const TOP_LEVEL_AWAIT = /^Top-level await/;
/** Esbuild's advice on its own options. */
const ADVICE = /You can|platform: '|Are you trying to bundle|mark the path/;

/** What a message of esbuild says about a library, with a remedy. */
export async function describeMessage(
  message: Message,
  entries: readonly PlacedEntry[],
  resolveDir: string,
  packages: Packages,
): Promise<BundleFailure> {
  const { location } = message;
  const isEntry = location !== null && location.file === ENTRY_FILE;
  const entry = isEntry ? entries[location.line - 1] : undefined;
  const path = location === null || isEntry ? undefined : resolve(resolveDir, location.file);
  const specifier = UNRESOLVED.exec(message.text)?.[1];
  return {
    reason: reasonOf(message, path === undefined ? (entry?.resolveDir ?? resolveDir) : dirname(path)),
    specifier,
    library: entry?.name,
    ...(location !== null &&
      path !== undefined && {
        place: { file: shownPath(location.file, resolveDir), line: location.line, column: location.column + 1 },
        package: await packages.of(path),
      }),
  };
}

function reasonOf({ text, notes }: Message, directory: string): string {
  const specifier = UNRESOLVED.exec(text)?.[1];
  if (specifier !== undefined) return unresolved(specifier, notes, directory);
  const [, ending, file] = NO_LOADER.exec(text) ?? [];
  if (ending !== undefined && file !== undefined) return noLoader(ending, file);
  if (text === STYLE_SHEET) return `it imports ${text}`;
  if (TOP_LEVEL_AWAIT.test(text)) {
    return 'it waits at its top level, and a library is initialised without waiting: export a function that waits';
  }
  return cut(text, MAX_REASON);
}

function unresolved(specifier: string, notes: Message['notes'], directory: string): string {
  const name = nameInMessage(specifier);
  if (isNodeBuiltin(specifier)) {
    return `it imports ${name}, a builtin of Node that a handler does not have; ${insteadOfBuiltin(specifier)}`;
  }
  const [note] = notes.filter((each) => !ADVICE.test(each.text));
  const why = note === undefined ? '' : `: ${cut(note.text.replace(/:$/, ''), MAX_REASON)}`;
  if (/^(?:[./\\#]|[a-z]:)/i.test(specifier)) return `there is no module ${name}${why}`;
  if (why !== '') return `${name} is not found${why}`;
  const of = nameInMessage(packageNameOf(specifier));
  return `the package ${of} is not installed where it is looked for, in ${directory} and above. Install it: npm install ${of}`;
}

function noLoader(ending: string, file: string): string {
  const name = nameInMessage(file);
  if (ending === '.node') return `it imports ${name}, machine code for Node: use a package that is plain JavaScript`;
  if (ending === '.wasm')
    return `it imports ${name}: a handler has no WebAssembly; use a package that is plain JavaScript`;
  return `it imports ${name}, and libraries consist of JavaScript, TypeScript and JSON`;
}
