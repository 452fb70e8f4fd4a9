import type { Node } from 'acorn';
import type { ScriptProblem } from '../script-problem.js';
import { SourceLines } from '../source-lines.js';
import type { Rewriting } from './rewriting.js';

/** A handler that is no body: the script that is compiled in place of its wrapped source. */
export interface RewrittenHandler extends Rewriting {
  readonly kind: 'rewritten';
  readonly of: 'function' | 'module' | 'body';
  /** The script to whose places the pieces lead: without types, and with the characters of the wrapped source at their places. */
  readonly script: string;
  /** Names that `entry` can choose; undefined for a body. */
  readonly entries?: readonly string[];
  /** Names of the libraries that a module imports. */
  readonly libraries?: readonly string[];
}

export type HandlerForm =
  | { readonly kind: 'body' }
  | RewrittenHandler
  /** The place of the problem is one in the wrapped source. */
  | { readonly kind: 'refused'; readonly problem: ScriptProblem };

/** A problem of a form that the parser accepts. */
export function refusal(script: string, node: Node, message: string, kind: 'syntax' | 'form' | 'import'): HandlerForm {
  const place = new SourceLines(script).engineAt(node.start);
  return { kind: 'refused', problem: { kind, message, isExplained: true, ...place } };
}
