import type { WasmContext } from '../api/context.js';
import type { SourceOptions } from '../api/source-options.js';
import { invalidArgument, rejectUnknownKeys } from '../config/check.js';
import {
  capabilitiesOf,
  type ExtensionTargets,
  type RequirableModules,
  requireFunction,
  requireIdentifier,
  requireModules,
  requireOptions,
  requireTargets,
  type ScriptKit,
} from './kit.js';

export interface SandboxOptions {
  /** Names of the values that scripts find as globals. Each execution gives the values. @default none */
  readonly globals?: readonly string[];
  /**
   * Functions of the application that scripts find as globals, and the extensions that answer: `{ getRate: 'rates.get' }`. They return
   * promises: a script that used the value at once needs an `await`. @default none
   */
  readonly functions?: ExtensionTargets;
}

export interface IsolatedVmOptions extends SandboxOptions {
  /**
   * Names that were an `ivm.Reference` of a function, and the extensions that answer: `apply` and `applyIgnored` call them. `applySync` and
   * `applySyncPromise` throw, because nothing blocks here. @default none
   */
  readonly references?: ExtensionTargets;
  /** Names that were an `ivm.Reference` or `ivm.ExternalCopy` of a value: `copySync`, `copy`, `getSync`, `get`. @default none */
  readonly values?: readonly string[];
  /** Whether scripts are those of `evalClosure`, which end with `return`. Then values are `$0`, `$1` and so on. @default false */
  readonly closure?: boolean;
}

export interface CommonJsOptions extends SandboxOptions {
  /** Modules that `require` gives, and the libraries of the runtime that they are: `{ lodash: 'lodash' }`. @default none */
  readonly require?: RequirableModules;
  /** The exported function that is called, if it is not `module.exports` itself. @default module.exports */
  readonly method?: string;
}

/** A kit of scripts that find values and functions as globals. */
export interface SandboxKit extends ScriptKit {
  /**
   * The context of an execution, with the capabilities that the functions need.
   *
   * @param values of the names in `globals`; one that is left out is undefined
   * @param args what the exported function of a module is called with. Default: nothing
   * @throws NexusError INVALID_ARGUMENT naming a value that is not a global of the kit
   */
  context(values?: Readonly<Record<string, unknown>>, args?: readonly unknown[]): WasmContext;
}

/**
 * Runs scripts as `vm2`'s `VM`, `node:vm` and `evalCode` of quickjs-emscripten do: the last expression is the result, and values of the
 * application are globals.
 *
 * @example
 * const kit = sandboxScript({ globals: ['order'], functions: { getRate: 'rates.get' } });
 * await runtime.run('order.total * (await getRate("EUR"))', kit.context({ order: { total: 5 } }), { ...kit.options, extensions });
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function sandboxScript(options: SandboxOptions = {}): SandboxKit {
  requireOptions('options', options, ['globals', 'functions']);
  const { globals, functions } = readSandbox(options);
  const source = { wrap: { prologue: declare(globals, functions) }, returnLastExpression: true };
  return kitOf(source, globals, functions);
}

/**
 * Runs scripts of isolated-vm: those of `compileScript` and `eval`, whose last expression is the result, and those of `evalClosure`.
 *
 * @example
 * const kit = isolatedVmScript({ closure: true, globals: ['$1'], references: { $0: 'users.find' } });
 * const code = 'return $0.apply(undefined, [$1], { result: { promise: true, copy: true } })';
 * await runtime.run(code, kit.context({ $1: 'ada' }), { ...kit.options, extensions });
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function isolatedVmScript(options: IsolatedVmOptions = {}): SandboxKit {
  requireOptions('options', options, ['globals', 'functions', 'references', 'values', 'closure']);
  const { globals, functions } = readSandbox(options);
  const { references = {}, values = [], closure = false } = options;
  requireTargets('options.references', references);
  requireNames('options.values', values);
  if (typeof closure !== 'boolean') throw invalidArgument('options.closure', closure, 'true or false');
  const prologue = [
    declare(globals, functions),
    ...(Object.keys(references).length > 0 ? [FUNCTION_REFERENCE] : []),
    ...Object.entries(references).map(([name, target]) =>
      declaration(name, `nexusReference(${JSON.stringify(name)},${callOf(target)})`),
    ),
    ...(values.length > 0 ? [VALUE_REFERENCE] : []),
    ...values.map((name) => declaration(name, `nexusValue($args.values[${JSON.stringify(name)}])`)),
  ].join('');
  const source = { wrap: { prologue }, ...(!closure && { returnLastExpression: true }) };
  return kitOf(source, [...globals, ...values], { ...functions, ...references });
}

/**
 * Runs modules of CommonJS, as vm2's `NodeVM` does: what `module.exports` is, or what it returns if it is a function, is the result.
 *
 * @example
 * const kit = commonJsModule({ require: { lodash: 'lodash' } });
 * await runtime.executeHandler('module.exports = (a, b) => a + b', kit.context({}, [1, 2]), kit.options);
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function commonJsModule(options: CommonJsOptions = {}): SandboxKit {
  requireOptions('options', options, ['globals', 'functions', 'require', 'method']);
  const { globals, functions } = readSandbox(options);
  const { require = {}, method } = options;
  requireModules('options.require', require);
  if (method !== undefined && typeof method !== 'string') {
    throw invalidArgument('options.method', method, 'the name of an exported function');
  }
  const exported = method === undefined ? 'module.exports' : `module.exports[${JSON.stringify(method)}]`;
  const missing = `The module exports no function ${JSON.stringify(method)}.`;
  const source = {
    wrap: {
      prologue:
        `${declare(globals, functions)}const nexusModule={exports:{}};` +
        'const nexusScript=function(module,exports,require){',
      epilogue:
        `};nexusScript.call(nexusModule.exports,nexusModule,nexusModule.exports,${requireFunction(require)});` +
        `{const module=nexusModule,called=${exported};` +
        'if(typeof called==="function")return called.apply(module.exports,$args.args);' +
        (method === undefined ? 'return called}' : `throw new TypeError(${JSON.stringify(missing)})}`),
    },
  };
  return kitOf(source, globals, functions);
}

function kitOf(source: SourceOptions, globals: readonly string[], functions: ExtensionTargets): SandboxKit {
  return { libraries: {}, source, options: source, context: contextOf(globals, functions) };
}

/** `applySync` blocks the isolate until the application has answered. */
const FUNCTION_REFERENCE =
  'const nexusReference=(name,call)=>{const blocks=(method)=>()=>{throw new TypeError(name+"."+method+" would block, and nothing blocks here: ' +
  'write await "+name+".apply(undefined, [args])")};return{typeof:"function",apply:(self,args=[])=>call(...args),' +
  'applyIgnored(self,args=[]){call(...args)},applySync:blocks("applySync"),applySyncPromise:blocks("applySyncPromise")}};';
const VALUE_REFERENCE =
  'const nexusValue=(value)=>({typeof:typeof value,copySync:()=>value,copy:async()=>value,getSync:(key)=>value[key],' +
  'get:async(key)=>value[key],deref:()=>value,derefInto:()=>value,release(){}});';

function declare(globals: readonly string[], functions: ExtensionTargets): string {
  const values = globals.map((name) => declaration(name, `$args.values[${JSON.stringify(name)}]`));
  const calls = Object.entries(functions).map(([name, target]) => declaration(name, callOf(target)));
  return ['var global=globalThis;', ...values, ...calls].join('');
}

/** A variable, so that `var x = x || 1` works, and a property of the global object. */
function declaration(name: string, value: string): string {
  return `var ${name}=globalThis.${name}=${value};`;
}

function callOf(target: string): string {
  return `(...args)=>$ext.${target}(...args)`;
}

function readSandbox({ globals = [], functions = {} }: SandboxOptions): Required<SandboxOptions> {
  requireNames('options.globals', globals);
  requireTargets('options.functions', functions);
  return { globals: [...globals], functions: { ...functions } };
}

function requireNames(field: string, names: unknown): void {
  if (!Array.isArray(names)) throw invalidArgument(field, names, 'an array of names');
  for (const name of names) requireIdentifier(`a name in ${field}`, name);
}

function contextOf(globals: readonly string[], functions: ExtensionTargets): SandboxKit['context'] {
  return (values = {}, args = []) => {
    if (typeof values !== 'object' || values === null) throw invalidArgument('values', values, 'an object of values');
    rejectUnknownKeys(values, globals, 'values.', 'INVALID_ARGUMENT');
    if (!Array.isArray(args)) throw invalidArgument('args', args, 'an array');
    return { args: { values, args }, capabilities: capabilitiesOf(functions) };
  };
}
