import type { SourceOptions } from '../api/source-options.js';
import { invalidArgument, rejectUnknownKeys } from '../config/check.js';

/** What every kit has: how its scripts are read, and what the runtime needs for them. */
export interface ScriptKit {
  /** For `createRuntime({ libraries })`, beside libraries of your own. Empty for most kits. */
  readonly libraries: Readonly<Record<string, { readonly source: string }>>;
  /** How its sources are read: for `precompileHandler`, `warmup` and `inferCapabilities`. */
  readonly source: SourceOptions;
  /** For `executeHandler` and `run`: spread it into the options of the call. An artifact takes all of it but `source`. */
  readonly options: SourceOptions;
}

/** A function of the application by the name that scripts know, and the extension and method that answer: `'http.request'`. */
export type ExtensionTargets = Readonly<Record<string, string>>;

/** Names that scripts give to `require`, and the libraries of the runtime that they get: `{ 'date-fns': 'dates' }`. */
export type RequirableModules = Readonly<Record<string, string>>;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const RESERVED =
  /^(?:arguments|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield)$/;

/** @throws NexusError INVALID_ARGUMENT naming the option and the name */
export function requireIdentifier(field: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && IDENTIFIER.test(name) && !RESERVED.test(name)) return;
  throw invalidArgument(field, name, 'a name of a variable, as scripts write it');
}

/** @throws NexusError INVALID_ARGUMENT naming the option */
export function requireTargets(field: string, targets: unknown): asserts targets is ExtensionTargets {
  if (typeof targets !== 'object' || targets === null) throw invalidArgument(field, targets, 'an object of names');
  for (const [name, target] of Object.entries(targets)) {
    requireIdentifier(`a name in ${field}`, name);
    const parts: readonly string[] = typeof target === 'string' ? target.split('.') : [];
    if (parts.length === 2 && parts.every((part) => IDENTIFIER.test(part))) continue;
    throw invalidArgument(`${field}.${name}`, target, "the name of an extension and its method: 'http.request'");
  }
}

/** @throws NexusError INVALID_ARGUMENT naming the option that is unknown */
export function requireOptions(field: string, options: unknown, known: readonly string[]): asserts options is object {
  if (typeof options !== 'object' || options === null) throw invalidArgument(field, options, 'an object');
  rejectUnknownKeys(options, known, `${field}.`, 'INVALID_ARGUMENT');
}

/** The capabilities that calling them needs. */
export function capabilitiesOf(targets: ExtensionTargets): `ext:${string}`[] {
  return [...new Set(Object.values(targets))].map((target) => `ext:${target}` as const);
}

/** @throws NexusError INVALID_ARGUMENT naming the option */
export function requireModules(field: string, modules: unknown): asserts modules is RequirableModules {
  if (typeof modules !== 'object' || modules === null) {
    throw invalidArgument(field, modules, 'an object of module names, and the libraries that they are');
  }
  for (const [name, library] of Object.entries(modules)) {
    if (typeof library === 'string' && library !== '') continue;
    throw invalidArgument(`${field}.${name}`, library, 'the name of a library of the runtime');
  }
}

/** The code of a function `require` in the VM. */
export function requireFunction(modules: RequirableModules): string {
  const remedy =
    ' is not available to this script: the option require of the kit gives libraries of the runtime, and a request is a call of the application, await $ext.<name>.<method>(…)';
  return (
    `(name)=>{const modules=${JSON.stringify(modules)};if(Object.hasOwn(modules,name))return $lib[modules[name]];` +
    `throw new TypeError("require("+JSON.stringify(name)+")"+${JSON.stringify(remedy)})}`
  );
}
