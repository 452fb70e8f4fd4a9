import { relative, resolve } from 'node:path';
import type ts from 'typescript';

import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { readForm } from '../source/forms/read-form.js';
import { renderSnippet, SourceLines } from '../source/source-lines.js';
import { authorLocationAt, blankWrapper, wrapHandler } from '../source/wrapper.js';
import { type Compiler, loadCompiler } from './compiler.js';

/** A diagnostic of TypeScript about a handler, at the author's line and column, both from 1. */
export interface HandlerProblem {
  /** The path, relative to the current directory. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `'TS2339'` */
  readonly code: string;
  readonly message: string;
  readonly snippet: string;
}

/**
 * Checks handlers with the application's TypeScript: modules as they are, all others as the body of an async function. An editor instead
 * reports a `return` outside of a function (TS1108) and does not check the returned value. For build steps.
 *
 * @param project the `tsconfig.json` of the handlers: every file that it includes is a handler, except
 *   `.d.ts` files
 * @returns the problems of the handlers and of the project's declarations, by file and line
 * @throws NexusError INVALID_ARGUMENT if the project cannot be read, INVALID_CONFIG if TypeScript is not
 *   installed
 */
export async function checkHandlers(project: string): Promise<HandlerProblem[]> {
  if (typeof project !== 'string') throw invalidArgument('project', project, 'the path of a tsconfig.json');
  const compiler = await loadCompiler('checkHandlers');
  const { fileNames, options: read } = readProject(compiler, resolve(project));
  const options = withModules(compiler, read);
  // Declarations are checked as well, because wrong ones silently become `any`.
  const program = compiler.createProgram(
    fileNames,
    { ...options, noEmit: true, skipLibCheck: false },
    hostOf(compiler, fileNames, options),
  );
  const problems = fileNames.flatMap((name) => {
    const file = program.getSourceFile(name);
    if (file === undefined) return [];
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map((diagnostic) => describe(compiler, diagnostic, file));
  });
  return problems.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

function readProject(compiler: Compiler, path: string): ts.ParsedCommandLine {
  const fail = ({ messageText }: ts.Diagnostic): never => {
    const message = compiler.flattenDiagnosticMessageText(messageText, '\n');
    throw new NexusError('INVALID_ARGUMENT', `The project ${path} cannot be read: ${message}`, {
      context: { field: 'project', value: path },
    });
  };
  const parsed = compiler.getParsedCommandLineOfConfigFile(
    path,
    {},
    { ...compiler.sys, onUnRecoverableConfigFileDiagnostic: fail },
  );
  for (const error of parsed?.errors ?? []) fail(error);
  return parsed as ts.ParsedCommandLine;
}

/** A project that says nothing of modules finds no package by the defaults of before TypeScript 6. Later ones have these. */
function withModules(compiler: Compiler, options: ts.CompilerOptions): ts.CompilerOptions {
  if (options.module !== undefined || options.moduleResolution !== undefined) return options;
  const { ModuleKind, ModuleResolutionKind } = compiler;
  return { ...options, module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler };
}

/** Wraps bodies and functions as they are wrapped for the engine. */
function hostOf(compiler: Compiler, fileNames: readonly string[], options: ts.CompilerOptions): ts.CompilerHost {
  const handlers = new Set(fileNames.filter((name) => !isDeclaration(name)));
  const host = compiler.createCompilerHost(options);
  const { readFile } = host;
  host.readFile = (name) => {
    const text = readFile.call(host, name);
    return text === undefined || !handlers.has(name) ? text : inPlace(text, name);
  };
  return host;
}

/** A module stays one, with its characters at the places where a wrapped source has them. */
function inPlace(text: string, name: string): string {
  const form = readForm(text, name);
  return form.kind === 'rewritten' && form.of === 'module' ? blankWrapper(text) : wrapHandler(text);
}

function isDeclaration(name: string): boolean {
  return /\.d\.[cm]?ts$/.test(name);
}

function describe(
  compiler: Compiler,
  { start = 0, code, messageText }: ts.Diagnostic,
  file: ts.SourceFile,
): HandlerProblem {
  const isWrapped = !isDeclaration(file.fileName);
  const source = new SourceLines(isWrapped ? (compiler.sys.readFile(file.fileName) ?? '') : file.text);
  const location = isWrapped ? authorLocationAt(start, source) : source.locationAt(start);
  return {
    file: relative(process.cwd(), file.fileName),
    ...location,
    code: `TS${code}`,
    message: compiler.flattenDiagnosticMessageText(messageText, '\n'),
    snippet: renderSnippet(source, location),
  };
}
