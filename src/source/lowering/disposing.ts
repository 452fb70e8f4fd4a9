import type { Node, VariableDeclaration } from 'acorn';

import { USING } from './globals.js';
import type { Writer } from './writer.js';

export type UsingDeclaration = VariableDeclaration & { readonly kind: 'using' | 'await using' };

export function isUsing(node: Node | null | undefined): node is UsingDeclaration {
  if (node?.type !== 'VariableDeclaration') return false;
  const { kind } = node as VariableDeclaration;
  return kind === 'using' || kind === 'await using';
}

export function adderOf({ kind }: UsingDeclaration): 'add' | 'addAsync' {
  return kind === 'using' ? 'add' : 'addAsync';
}

/** The variable for the resources of a block with `using`. */
export const scopeName = (prefix: string): string => `${prefix}u`;

/** A block around the output of `write`, at whose end the resources of its `using` are disposed of. */
export function writeDisposing(
  writer: Writer,
  isAsync: boolean,
  prefix: string,
  write: (scope: string) => void,
  braces: readonly [string, string] = ['{', '}'],
): void {
  const scope = scopeName(prefix);
  const error = `${prefix}e`;
  writer.add(`${braces[0]}const ${scope}=${USING}();try{`);
  write(scope);
  writer.add(`}catch(${error}){${scope}.fail(${error})}`);
  // The block itself awaits each asynchronous disposal, in one step each, and nothing if there is none.
  const wait = `while(${scope}.step())try{await ${scope}.awaited}catch(${error}){${scope}.fail(${error})}${scope}.end()`;
  writer.add(`finally{${isAsync ? wait : `${scope}.dispose()`}}${braces[1]}`);
}
