import { dirname, join, resolve } from 'node:path';
import type ts from 'typescript';

import { readForm } from '../source/forms/read-form.js';
import { fileHeaderShift } from '../source/source-text.js';
import { blankWrapper, PREFIX_LENGTH, wrapHandler } from '../source/wrapper.js';
import type { Compiler } from './compiler.js';

/** What may be written at a place. */
export interface LanguageCompletion {
  readonly label: string;
  /** As TypeScript calls it: `method`, `property`, `const`. */
  readonly kind: string;
}

/** What TypeScript says of a part of a handler; offsets are those of its text. */
export interface LanguageProblem {
  readonly from: number;
  readonly to: number;
  readonly code: number;
  readonly message: string;
  readonly isError: boolean;
}

export interface LanguageHint {
  readonly from: number;
  readonly to: number;
  /** The type. */
  readonly text: string;
  readonly documentation: string;
}

export interface LanguageOptions {
  readonly compiler: Compiler;
  /** The declarations of `nexus-runtime/handler`. */
  readonly handlerTypes: string;
  /** The declarations of the globals of handlers, for those that have none in their project. */
  readonly declarations: string;
}

/** Lists are for a person who writes. */
const MAX_COMPLETIONS = 500;
const MAX_PROBLEMS = 100;
const MAX_SERVICES = 4;
const HANDLER_MODULE = 'nexus-runtime/handler';

/** Completes and checks handlers while they are written, by the types of their project. */
export class HandlerLanguage {
  readonly #options: LanguageOptions;
  /** By the project. */
  readonly #services = new Map<string, Service>();

  constructor(options: LanguageOptions) {
    this.#options = options;
  }

  /** @param file the path of the handler, which need not be there */
  completions(file: string, code: string, offset: number): LanguageCompletion[] {
    const { service, name, shift } = this.#open(file, code);
    const found = service.getCompletionsAtPosition(name, offset + shift, {});
    return (found?.entries ?? [])
      .filter(({ kind }) => kind !== 'warning')
      .slice(0, MAX_COMPLETIONS)
      .map(({ name: label, kind }) => ({ label, kind }));
  }

  hint(file: string, code: string, offset: number): LanguageHint | undefined {
    const { service, name, shift } = this.#open(file, code);
    const found = service.getQuickInfoAtPosition(name, offset + shift);
    if (found === undefined) return undefined;
    const { textSpan, displayParts = [], documentation = [] } = found;
    const join = (parts: readonly { readonly text: string }[]) => parts.map(({ text }) => text).join('');
    return { ...within(textSpan, shift, code), text: join(displayParts), documentation: join(documentation) };
  }

  problems(file: string, code: string): LanguageProblem[] {
    const { compiler } = this.#options;
    const { service, name, shift } = this.#open(file, code);
    const syntactic = service.getSyntacticDiagnostics(name);
    // Of a text that is no program yet, types tell nothing.
    const found = syntactic.length > 0 ? syntactic : service.getSemanticDiagnostics(name);
    return found.slice(0, MAX_PROBLEMS).map(({ start = 0, length = 0, code: number, messageText, category }) => ({
      ...within({ start, length }, shift, code),
      code: number,
      message: compiler.flattenDiagnosticMessageText(messageText, '\n'),
      isError: category === compiler.DiagnosticCategory.Error,
    }));
  }

  #open(file: string, code: string) {
    const { compiler } = this.#options;
    const name = resolve(file);
    const config = compiler.findConfigFile(dirname(name), compiler.sys.fileExists) ?? '';
    let service = this.#services.get(config);
    if (service === undefined) {
      service = new Service(this.#options, config);
      this.#services.set(config, service);
      for (const oldest of this.#services.keys()) {
        if (this.#services.size <= MAX_SERVICES) break;
        this.#services.get(oldest)?.service.dispose();
        this.#services.delete(oldest);
      }
    }
    service.write(name, inPlace(code, name));
    return { service: service.service, name, shift: PREFIX_LENGTH - fileHeaderShift(code) };
  }
}

/** The language service of one project. */
class Service {
  readonly service: ts.LanguageService;
  /** The handler that is edited. */
  #name = '';
  #text = '';
  #version = 0;

  constructor({ compiler, handlerTypes, declarations }: LanguageOptions, config: string) {
    const { options, declared, hasGlobals } = readProject(compiler, config);
    const own = join(dirname(handlerTypes), 'playground-globals.d.ts');
    const roots = hasGlobals ? declared : [...declared, own];
    const { sys } = compiler;
    const read = (name: string) => (name === own ? declarations : sys.readFile(name));
    const host: ts.LanguageServiceHost = {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [...roots, ...(this.#name === '' ? [] : [this.#name])],
      getScriptVersion: (name) => {
        if (name === this.#name) return String(this.#version);
        return String(sys.getModifiedTime?.(name)?.getTime() ?? 0);
      },
      getScriptSnapshot: (name) => {
        const text = name === this.#name ? this.#text : read(name);
        return text === undefined ? undefined : compiler.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => process.cwd(),
      getDefaultLibFileName: (settings) => compiler.getDefaultLibFilePath(settings),
      fileExists: (name) => name === own || name === this.#name || sys.fileExists(name),
      readFile: read,
      readDirectory: sys.readDirectory,
      directoryExists: sys.directoryExists,
      getDirectories: sys.getDirectories,
      resolveModuleNameLiterals: (literals, containing, _, settings) =>
        literals.map(({ text }) => {
          const found = compiler.resolveModuleName(text, containing, settings, host);
          if (found.resolvedModule !== undefined || text !== HANDLER_MODULE) return found;
          return { resolvedModule: { resolvedFileName: handlerTypes, extension: compiler.Extension.Dts } };
        }),
    };
    this.service = compiler.createLanguageService(host, compiler.createDocumentRegistry());
  }

  write(name: string, text: string): void {
    if (name === this.#name && text === this.#text) return;
    this.#name = name;
    this.#text = text;
    this.#version++;
  }
}

interface Project {
  readonly options: ts.CompilerOptions;
  /** Files of declarations. */
  readonly declared: readonly string[];
  /** Whether they declare the globals of handlers. */
  readonly hasGlobals: boolean;
}

/** A project that cannot be read is one without settings: `nexus check` tells why. */
function readProject(compiler: Compiler, config: string): Project {
  const { sys, ScriptTarget, ModuleKind, ModuleResolutionKind } = compiler;
  const host = { ...sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const parsed = config === '' ? undefined : compiler.getParsedCommandLineOfConfigFile(config, {}, host);
  const declared = (parsed?.fileNames ?? []).filter((name) => /\.d\.[cm]?ts$/.test(name));
  const hasGlobals = declared.some((name) => /\bconst \$(state|args)\b/.test(sys.readFile(name) ?? ''));
  const modules = { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler };
  // Settings of an application are for Node or browsers: only those that name handlers are theirs.
  const given = hasGlobals ? { ...modules, ...parsed?.options } : modules;
  const lib = ['lib.es2023.d.ts'];
  const defaults = hasGlobals ? {} : { target: ScriptTarget.ES2023, lib, types: [], strict: false, checkJs: true };
  const options = { ...defaults, ...given, allowJs: true, noEmit: true, skipLibCheck: true };
  return { options, declared: hasGlobals ? declared : [], hasGlobals };
}

/** As `checkHandlers` does: a module stays one, and everything else is the body of a function. */
function inPlace(text: string, name: string): string {
  try {
    const form = readForm(text, name);
    if (form.kind === 'rewritten' && form.of === 'module') return blankWrapper(text);
  } catch {
    // Nested too deeply, which the compiler of handlers tells.
  }
  return wrapHandler(text);
}

function within({ start, length }: ts.TextSpan, shift: number, code: string) {
  const clamp = (at: number) => Math.max(0, Math.min(code.length, at - shift));
  return { from: clamp(start), to: clamp(start + length) };
}
