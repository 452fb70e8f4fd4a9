import { createRequire } from 'node:module';

import type { Node, Program } from 'acorn';

/** Where acorn stumbles: line from 1, column from 0. */
export interface AcornError extends SyntaxError {
  readonly loc: { readonly line: number; readonly column: number };
}

/** How acorn tells of a source that is nested deeper than it can go. */
const STACK_EXHAUSTED = 'Not enough stack space';

/**
 * A script as acorn reads it.
 *
 * @throws an {@link AcornError} for a text that is no script; RangeError when it is nested too deeply
 */
export function parseScript(script: string): Program {
  // Synchronous, and some 10 ms that only those pay who ask.
  const acorn = createRequire(import.meta.url)('acorn') as typeof import('acorn');
  try {
    return acorn.parse(script, { ecmaVersion: 'latest', sourceType: 'script', locations: true });
  } catch (error) {
    if (isAcornError(error) && error.message.startsWith(STACK_EXHAUSTED)) throw new RangeError(error.message);
    throw error;
  }
}

export function isAcornError(error: unknown): error is AcornError {
  return error instanceof SyntaxError && 'loc' in error;
}

/** What acorn says, without its own idea of the place behind it. */
export function messageOf({ message }: AcornError): string {
  return message.replace(/ \(\d+:\d+\)$/, '');
}

/** The nodes right below one, in source order. */
export function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value: unknown) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
