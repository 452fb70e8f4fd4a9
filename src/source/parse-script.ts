import { createRequire } from 'node:module';

import type { Token as AcornToken, Node, Program } from 'acorn';

export type { Token as AcornToken } from 'acorn';

/** An error of acorn. Its `loc` counts lines as the language does; editors and the engine count others. */
export interface AcornError extends SyntaxError {
  /** Index into the script. */
  readonly pos: number;
}

/** Acorn's message for a source that is nested too deeply. */
const STACK_EXHAUSTED = 'Not enough stack space';

type Parser = typeof import('acorn').Parser;
/** The method that acorn calls for each declared name; its types do not include it. */
type DeclaringParser = new (...args: never[]) => { declareName(...args: unknown[]): void };

let bounded: Parser | undefined;
/** The number of names that the current parse may still declare. Parsing is synchronous. */
let namesLeft = Number.POSITIVE_INFINITY;

/**
 * Parses a script with acorn.
 *
 * @param maxNames the most names that it may declare: to find duplicates, acorn compares each name with all
 *   others of its scope
 * @param tokens filled with its tokens, in order
 * @throws an {@link AcornError} for a syntax error; RangeError if it is nested too deeply or declares more
 *   names
 */
export function parseScript(script: string, maxNames = Number.POSITIVE_INFINITY, tokens?: AcornToken[]): Program {
  return parse(script, 'script', maxNames, tokens);
}

/** {@link parseScript} for a module. */
export function parseModule(script: string, maxNames = Number.POSITIVE_INFINITY, tokens?: AcornToken[]): Program {
  return parse(script, 'module', maxNames, tokens);
}

function parse(
  script: string,
  sourceType: 'script' | 'module',
  maxNames: number,
  tokens: AcornToken[] | undefined,
): Program {
  // Synchronous, and some 10 ms that only those pay who ask.
  const require = createRequire(import.meta.url);
  const acorn = require('acorn') as typeof import('acorn');
  namesLeft = maxNames;
  try {
    return boundedParser(acorn).parse(script, {
      ecmaVersion: 'latest',
      sourceType,
      ...(tokens !== undefined && { onToken: tokens }),
    });
  } catch (error) {
    if (isAcornError(error) && error.message.startsWith(STACK_EXHAUSTED)) throw new RangeError(error.message);
    throw error;
  }
}

/** The tokens of a text, whether it parses or not. @throws an {@link AcornError} where it cannot be told into them */
export function tokenize(text: string): Iterable<AcornToken> {
  const acorn = createRequire(import.meta.url)('acorn') as typeof import('acorn');
  return acorn.tokenizer(text, { ecmaVersion: 'latest', allowHashBang: true });
}

/** One class for all: what the engine learns about it holds for the next source. */
function boundedParser({ Parser }: { readonly Parser: Parser }): Parser {
  bounded ??= Parser.extend((Base) => {
    class BoundedParser extends (Base as unknown as DeclaringParser) {
      override declareName(...args: unknown[]): void {
        if (--namesLeft < 0) throw new RangeError('too many names are declared');
        super.declareName(...args);
      }
    }
    return BoundedParser as unknown as Parser;
  });
  return bounded;
}

export function isAcornError(error: unknown): error is AcornError {
  return error instanceof SyntaxError && 'pos' in error;
}

/** Acorn's message without the place that it appends. */
export function messageOf({ message }: AcornError): string {
  return message.replace(/ \(\d+:\d+\)$/, '');
}

/** The direct child nodes, in source order. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const key in node) {
    const value: unknown = node[key as keyof Node];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) if (isNode(item)) children.push(item);
    } else if (isNode(value)) children.push(value);
  }
  return children;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
