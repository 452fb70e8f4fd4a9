import type ts from 'typescript';

import { renderSnippet, SourceLines } from '../source/source-lines.js';
import { authorLocationAt } from '../source/wrapper.js';
import { type Compiler, loadCompiler } from './compiler.js';

/** A fault of types in a program, at its line and column, both from 1. */
export interface ProgramProblem {
  readonly message: string;
  readonly location: { readonly line: number; readonly column: number };
  readonly snippet: string;
}

/** Parsed once for all programs: those of the language are some megabytes. */
const libraries = new Map<string, ts.SourceFile | undefined>();
const DECLARATIONS = 'declarations.d.ts';
const MAX_PROBLEMS = 10;
/** What is wrong in how something is called or read. Other diagnostics are a matter of taste in a program that is not kept. */
const TOLD = new Set([2322, 2339, 2345, 2349, 2353, 2551, 2554, 2555, 2559, 2561, 2739, 2740, 2741, 2769, 2820]);

/**
 * Checks one program in memory against declarations.
 *
 * @param script the program as it is wrapped for the engine
 * @param source its text, whose places are told
 * @throws NexusError INVALID_CONFIG if TypeScript is not installed
 */
export async function checkProgram(
  script: string,
  source: string,
  filename: string,
  declarations: string,
): Promise<ProgramProblem[]> {
  const compiler = await loadCompiler('Checking the types of a program');
  const { ScriptTarget, ModuleKind, ModuleResolutionKind } = compiler;
  const options: ts.CompilerOptions = {
    ...{ target: ScriptTarget.ESNext, module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler },
    ...{
      lib: ['lib.esnext.d.ts'],
      types: [],
      allowJs: true,
      checkJs: true,
      noEmit: true,
      skipLibCheck: true,
      strict: false,
    },
  };
  const program = compiler.createProgram(
    [DECLARATIONS, filename],
    options,
    hostOf(compiler, options, { [DECLARATIONS]: declarations, [filename]: script }),
  );
  const file = program.getSourceFile(filename);
  if (file === undefined) return [];
  const lines = new SourceLines(source);
  return program
    .getSemanticDiagnostics(file)
    .filter(({ code }) => TOLD.has(code))
    .slice(0, MAX_PROBLEMS)
    .map(({ start = 0, code, messageText }) => {
      const location = authorLocationAt(start, lines);
      const message = `TS${code}: ${compiler.flattenDiagnosticMessageText(messageText, '\n')}`;
      return { message, location, snippet: renderSnippet(lines, location) };
    });
}

/** Reads the declarations of the language, and nothing else. */
function hostOf(
  compiler: Compiler,
  options: ts.CompilerOptions,
  files: Readonly<Record<string, string>>,
): ts.CompilerHost {
  const host = compiler.createCompilerHost(options);
  const library = host.getDefaultLibLocation?.() ?? '';
  const own = (name: string) => (Object.hasOwn(files, name) ? files[name] : undefined);
  const isLibrary = (name: string) => library !== '' && name.startsWith(library) && !name.includes('..');
  return {
    ...host,
    getCurrentDirectory: () => '',
    fileExists: (name) => own(name) !== undefined || (isLibrary(name) && host.fileExists(name)),
    readFile: (name) => own(name) ?? (isLibrary(name) ? host.readFile(name) : undefined),
    getSourceFile(name, target) {
      const text = own(name);
      if (text !== undefined) return compiler.createSourceFile(name, text, target, true);
      if (!isLibrary(name)) return undefined;
      if (!libraries.has(name)) libraries.set(name, host.getSourceFile(name, target));
      return libraries.get(name);
    },
  };
}
