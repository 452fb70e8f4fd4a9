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

/** Names in the script that the source does not have. */
export interface AddedNames {
  readonly entry: string;
  readonly ctx: string;
  /** The object that holds the function or the default export, so that it has the name `default`. */
  readonly held: string;
}

export function addedNames(script: string): AddedNames {
  for (let i = 0; ; i++) {
    const prefix = `$nexus${i}_`;
    if (!script.includes(prefix)) return { entry: `${prefix}entry`, ctx: `${prefix}ctx`, held: `${prefix}held` };
  }
}

/**
 * The function around a source that is no body. The guest calls it with the name of the entry point. `ctx` is made outside of what the
 * author may declare.
 */
export function headOf(
  { entry, ctx }: AddedNames,
  { isStrict, isAsync }: { isStrict: boolean; isAsync: boolean },
): string {
  const fields = Object.entries(CTX_FIELDS).map(([name, global]) => `${name}:${global}`);
  const directive = isStrict ? '"use strict";' : '';
  return `(function(${entry}){${directive}const ${ctx}={${fields.join()}};return ${isAsync ? 'async ' : ''}function(){`;
}

export function tailOf(result: string): string {
  return `;return ${result}}()})`;
}

/** What an exported value comes to: a function is called, and any other value is the result. */
export function resultOf(value: string, { ctx }: AddedNames): string {
  return `typeof ${value}==="function"?(0,${value})(${ctx}.args,${ctx}):${value}`;
}
