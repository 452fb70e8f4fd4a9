import type { WasmContext } from '../api/context.js';
import { invalidArgument } from '../config/check.js';
import { type RequirableModules, requireFunction, requireModules, requireOptions, type ScriptKit } from './kit.js';

/** The data chain of a flow: what the trigger and the operations before the script gave, by their keys. */
export interface DirectusInput {
  readonly $trigger?: unknown;
  readonly $last?: unknown;
  readonly $accountability?: unknown;
  /** The variables that scripts may see; they are `process.env`, too. */
  readonly $env?: Readonly<Record<string, unknown>>;
  /** What an operation gave, by its key. */
  readonly [operation: string]: unknown;
}

export interface DirectusOptions {
  /** Modules that `require` gives, and the libraries of the runtime that they are: `{ lodash: 'lodash' }`. @default none */
  readonly require?: RequirableModules;
}

/** {@link directusRunScript} */
export interface DirectusRunScriptKit extends ScriptKit {
  /** The context of an execution. @throws NexusError INVALID_ARGUMENT */
  context(data: DirectusInput): WasmContext;
}

const NO_FUNCTION = 'the script assigns no function to module.exports: module.exports = async function (data) { … }';

/**
 * Runs scripts of the operation "Run Script" of Directus as they are: `module.exports = async function (data) { … }`. The returned value of
 * the result is what the function returns, and what it throws is the error of the result: the flow's reject path.
 *
 * @example
 * const kit = directusRunScript();
 * const code = 'module.exports = async function (data) { return data.$trigger.body.name; }';
 * const { returnValue } = await runtime.executeHandler(code, kit.context({ $trigger: { body: { name: 'Ada' } } }), kit.options);
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function directusRunScript(options: DirectusOptions = {}): DirectusRunScriptKit {
  requireOptions('options', options, ['require']);
  const { require = {} } = options;
  requireModules('options.require', require);
  const names = '{module,process,log,global,require}';
  const values = `module:nexusModule,process:{env:$args.$env??{}},log:console.log,global:globalThis,require:${requireFunction(require)}`;
  const source = {
    wrap: {
      // The script is a function of its own, so that it may declare these names.
      prologue: `const nexusModule={exports:null};((${names})=>function(){`,
      epilogue:
        `})({${values}})();if(typeof nexusModule.exports!=="function")throw new TypeError(${JSON.stringify(NO_FUNCTION)});` +
        'return nexusModule.exports($args);',
    },
  };
  return {
    libraries: {},
    source,
    options: source,
    context(data) {
      if (typeof data !== 'object' || data === null) throw invalidArgument('data', data, 'the data chain: an object');
      return { args: data };
    },
  };
}
