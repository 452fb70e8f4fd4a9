/** What `ctx` holds, and the globals that it has them from. */
export const CTX_FIELDS = {
  state: '$state',
  args: '$args',
  scope: '$scope',
  emit: '$emit',
  view: '$view',
  ext: '$ext',
  log: '$log',
  lib: '$lib',
} as const;

/** In `$lib`, what is imported of a library: its exports and `default`. */
export const NAMESPACE_PREFIX = 'import:';

/** Names in the script that the source does not have. */
export interface AddedNames {
  readonly entry: string;
  readonly ctx: string;
  /** The object that holds the function or the default export, so that it has the name `default`. */
  readonly held: string;
  /** A function that returns its argument. */
  readonly itself: string;
  /** The namespace of an imported library, by its index. */
  library(index: number): string;
}

export function addedNames(script: string): AddedNames {
  for (let i = 0; ; i++) {
    const prefix = `$nexus${i}_`;
    if (script.includes(prefix)) continue;
    const library = (index: number) => `${prefix}lib${index}`;
    return {
      entry: `${prefix}entry`,
      ctx: `${prefix}ctx`,
      held: `${prefix}held`,
      itself: `${prefix}itself`,
      library,
    };
  }
}

/**
 * The function around a source that is no body. The guest calls it with the name of the entry point. `ctx` is made outside of what the
 * author may declare.
 */
export function headOf(names: AddedNames, { isStrict, isAsync, libraries = [] }: HeadOptions): string {
  const { entry, ctx } = names;
  const fields = Object.entries(CTX_FIELDS).map(([name, global]) => `${name}:${global}`);
  const directive = isStrict ? '"use strict";' : '';
  const imports = libraries.map((name, index) => importing(name, names.library(index)));
  if (libraries.length > 0) imports.unshift(`const ${names.itself}=value=>value;`);
  const call = `return ${isAsync ? 'async ' : ''}function(){`;
  return `(function(${entry}){${directive}const ${ctx}={${fields.join()}};${imports.join('')}${call}`;
}

interface HeadOptions {
  readonly isStrict: boolean;
  readonly isAsync: boolean;
  /** Names of the libraries that it imports. */
  readonly libraries?: readonly string[];
}

function importing(name: string, variable: string): string {
  const missing = JSON.stringify(
    `the handler imports "${name}", which this runtime does not have: it belongs into the runtime's option modules.packages or libraries`,
  );
  return `const ${variable}=$lib[${JSON.stringify(`${NAMESPACE_PREFIX}${name}`)}];if(${variable}===void 0)throw new TypeError(${missing});`;
}

export function tailOf(result: string): string {
  return `;return ${result}}()})`;
}

/** What an exported value comes to: a function is called, and any other value is the result. */
export function resultOf(value: string, { ctx }: AddedNames): string {
  return `typeof ${value}==="function"?(0,${value})(${ctx}.args,${ctx}):${value}`;
}
