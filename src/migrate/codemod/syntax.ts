import type { Node, Program } from 'acorn';

import { childrenOf, isAcornError, messageOf, parseModule, parseScript } from '../../source/parse-script.js';
import { inCodePoints, isTypeScript, stripTypes } from '../../source/typescript/strip-types.js';

/** A node with its parent, as the codemod looks around it. */
export interface Linked {
  readonly node: Node;
  readonly parent: Linked | undefined;
}

export type Fields = Node & Readonly<Record<string, unknown>>;

export interface ParsedHost {
  readonly program: Program;
  /** The text with blanks in place of types. */
  readonly script: string;
  /** Whether `await` may stand at its top level. */
  readonly isModule: boolean;
}

/** @returns the reason if it cannot be read */
export function parseHost(text: string, filename: string): ParsedHost | string {
  let script = text;
  if (isTypeScript(filename)) {
    const stripped = stripTypes(text, undefined, true);
    if (!stripped.ok) return stripped.problem.message;
    script = inCodePoints(text, stripped.script);
  }
  try {
    const program = parseModule(script);
    const isModule = /\.m[jt]s$/.test(filename) || program.body.some(({ type }) => /^(?:Import|Export)/.test(type));
    return { program, script, isModule };
  } catch (error) {
    if (!isAcornError(error)) throw error;
    try {
      return { program: parseScript(script), script, isModule: false };
    } catch {
      return messageOf(error);
    }
  }
}

/** All nodes, outer ones first. */
export function linkedNodes(program: Program): Linked[] {
  const all: Linked[] = [{ node: program, parent: undefined }];
  for (let i = 0; i < all.length; i++) {
    const parent = all[i] as Linked;
    for (const node of childrenOf(parent.node)) all.push({ node, parent });
  }
  return all;
}

const FUNCTION = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;
const LOOP = /^(?:For|While|DoWhile)/;

export function functionAround(linked: Linked): Linked | undefined {
  let at = linked.parent;
  while (at !== undefined && !FUNCTION.test(at.node.type)) at = at.parent;
  return at;
}

/** Whether `await` may stand there. */
export function mayAwait(linked: Linked, isModule: boolean): boolean {
  const around = functionAround(linked);
  return around === undefined ? isModule : (around.node as Fields)['async'] === true;
}

/** Whether a node is somewhere in another one. */
export function isWithin(inner: Linked, outer: Linked | undefined): boolean {
  for (let at: Linked | undefined = inner; at !== undefined; at = at.parent) if (at === outer) return true;
  return false;
}

/** Whether an identifier declares a variable, a parameter, a function or a class. */
export function isDeclared({ node, parent }: Linked): boolean {
  const { id, params } = (parent?.node ?? {}) as Fields;
  return id === node || (Array.isArray(params) && params.includes(node));
}

/** Whether a node is executed once for each time that the block is in which another one stands. */
export function isBeside(inner: Linked, block: Linked | undefined): boolean {
  for (let at = inner.parent; at !== undefined; at = at.parent) {
    if (at === block) return true;
    if (FUNCTION.test(at.node.type) || LOOP.test(at.node.type)) return false;
  }
  return false;
}

export function nameOf(node: unknown): string | undefined {
  const { type, name } = (node ?? {}) as { type?: string; name?: string };
  return type === 'Identifier' ? name : undefined;
}

/** The name of a member that is not computed. */
export function memberOf(node: Node): { readonly object: Node; readonly property: string } | undefined {
  const { type, computed, object, property } = node as Fields;
  const name = type === 'MemberExpression' && computed !== true ? nameOf(property) : undefined;
  return name === undefined ? undefined : { object: object as Node, property: name };
}
