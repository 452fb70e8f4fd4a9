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
  /** Parameters of a script in two stages, see {@link stagedHeadOf}. */
  readonly stages: string;
  /** A function that returns its argument. */
  readonly itself: string;
  /** A function that throws if a namespace lacks one of some names. */
  readonly require: string;
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
      require: `${prefix}require`,
      stages: `${prefix}${STAGE_MARK},${prefix}second`,
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
  const directive = isStrict ? '"use strict";' : '';
  return `(function(${entry}){${directive}${ctxOf(ctx)}${importsOf(names, libraries)}${callOf(isAsync)}`;
}

/** In the name of the first parameter of a script in two stages: a worker looks for it. */
export const STAGE_MARK = 'stage';

/**
 * The head of a strict script in two stages: called without arguments, which an image is made of, it returns the function that
 * {@link headOf} begins. What stands between the two heads is evaluated once.
 */
export function stagedHeadOf(
  names: AddedNames,
  { isAsync, libraries = [] }: Omit<HeadOptions, 'isStrict'>,
): { readonly first: string; readonly second: string } {
  const first = `(function(${names.stages}){"use strict";${importsOf(names, libraries)}`;
  return { first, second: `\n;return function(${names.entry}){${ctxOf(names.ctx)}${callOf(isAsync)}` };
}

function ctxOf(ctx: string): string {
  const fields = Object.entries(CTX_FIELDS).map(([name, global]) => `${name}:${global}`);
  return `const ${ctx}={${fields.join()}};`;
}

function callOf(isAsync: boolean): string {
  return `return ${isAsync ? 'async ' : ''}function(){`;
}

function importsOf(names: AddedNames, libraries: readonly string[]): string {
  if (libraries.length === 0) return '';
  const imports = libraries.map((name, index) => importing(name, names.library(index)));
  return `const ${names.itself}=value=>value,${names.require}=${REQUIRE};${imports.join('')}`;
}

export interface HeadOptions {
  readonly isStrict: boolean;
  readonly isAsync: boolean;
  /** Names of the libraries that it imports. */
  readonly libraries?: readonly string[];
}

/** As the language does when it links modules. */
const REQUIRE =
  '(namespace,specifier,names)=>{for(let i=0;i<names.length;i++)if(!(names[i]in namespace))' +
  `throw new SyntaxError('"'+specifier+'" does not export "'+names[i]+'"')}`;

function importing(name: string, variable: string): string {
  const missing = JSON.stringify(
    `the handler imports "${name}", which this runtime does not have: it belongs into the runtime's option modules.packages or libraries`,
  );
  return `const ${variable}=$lib[${JSON.stringify(`${NAMESPACE_PREFIX}${name}`)}];if(${variable}===void 0)throw new TypeError(${missing});`;
}

export function tailOf(result: string, isStaged = false): string {
  return `;return ${result}}()}${isStaged ? '}' : ''})`;
}

/** What an exported value comes to: a function is called, and any other value is the result. */
export function resultOf(value: string, { ctx }: AddedNames): string {
  return `typeof ${value}==="function"?(0,${value})(${ctx}.args,${ctx}):${value}`;
}
