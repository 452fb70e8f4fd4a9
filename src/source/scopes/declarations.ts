import type { ForOfStatement, Node, Statement, VariableDeclaration } from 'acorn';

import { namesOf } from '../lowering/names.js';
import { childrenOf } from '../parse-script.js';
import { isFunction } from './functions.js';

/** The part of the source in which a declaration has certainly run. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * A name declared by a function's `var`s, with the range where it certainly has a value; without a range,
 * nowhere.
 */
export interface VarDeclaration {
  readonly name: string;
  readonly assigned: Range | undefined;
}

/** The declarations that are visible in the whole body of a function. */
export interface Hoisted {
  readonly vars: readonly VarDeclaration[];
  /** Functions in blocks whose name is, in sloppy mode, a variable of the function as well. */
  readonly blockFunctions: ReadonlyMap<Node, string>;
}

/** The names that a block itself declares: `let`, `const`, classes and functions. */
export function lexicalNames(statements: readonly Node[]): string[] {
  return (statements as readonly Statement[]).flatMap((statement) => {
    if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') return [statement.id.name];
    if (statement.type === 'LabeledStatement') return lexicalNames([statement.body]);
    return statement.type === 'VariableDeclaration' && statement.kind !== 'var' ? declaredNames(statement) : [];
  });
}

export function declaredNames({ declarations }: VariableDeclaration): string[] {
  return declarations.flatMap(({ id }) => namesOf(id));
}

/** The statements of a block, a function body or a `switch`. */
export function statementsOf(node: Node): readonly Node[] | undefined {
  if (node.type === 'SwitchStatement') return childrenOf(node).filter(isCase).flatMap(statementsOfCase);
  if (node.type === 'BlockStatement' || node.type === 'StaticBlock') return (node as { body?: Node[] } & Node).body;
  // `if (x) function f() {}` declares the function in its own block.
  return undefined;
}

/** The names of the surrounding blocks, from the inside out. */
interface Blocks {
  readonly names: ReadonlySet<string>;
  readonly outer: Blocks | undefined;
}

/** Collects what is hoisted to the top of a function's body, without nested functions. */
export function hoist(body: Node, isStrict: boolean, parameters: ReadonlySet<string>): Hoisted {
  const vars: VarDeclaration[] = [];
  const blockFunctions = new Map<Node, string>();

  function visit(node: Node, outer: Blocks | undefined, own: ReadonlySet<string>, block: Node): void {
    if (node.type === 'VariableDeclaration') collect(node as VariableDeclaration, block);
    if (node.type === 'FunctionDeclaration') considerBlockFunction(node, outer);
    if (isFunction(node) || node.type === 'ClassBody') return;
    const statements = statementsOf(node);
    const inner = statements === undefined ? own : new Set(lexicalNames(statements));
    const blocks = statements === undefined ? outer : { names: own, outer };
    const home = isDominating(node) ? node : isConditional(node) ? NOWHERE : block;
    for (const child of childrenOf(node)) visit(child, blocks, inner, home);
  }

  function collect(declaration: VariableDeclaration, block: Node): void {
    if (declaration.kind !== 'var') return;
    for (const { id, init, end } of declaration.declarations) {
      const isHead = block.type.startsWith('For');
      const from = isForEach(block) ? (block as ForOfStatement).body.start : end;
      const assigned = block === NOWHERE || (!init && !isHead) ? undefined : { from, to: block.end };
      for (const name of namesOf(id)) vars.push({ name, assigned });
    }
  }

  function considerBlockFunction(node: Node, outer: Blocks | undefined): void {
    const {
      id,
      async: isAsync,
      generator,
    } = node as Node & { id: { name: string }; async: boolean; generator: boolean };
    if (isStrict || isAsync || generator || outer === undefined || parameters.has(id.name)) return;
    // The outermost names are those of the function's own body.
    for (let blocks = outer; blocks.outer !== undefined; blocks = blocks.outer) {
      if (blocks.names.has(id.name)) return;
    }
    blockFunctions.set(node, id.name);
  }

  const own = new Set(lexicalNames(statementsOf(body) ?? []));
  for (const child of childrenOf(body)) visit(child, undefined, own, body.type === 'BlockStatement' ? body : NOWHERE);
  return { vars, blockFunctions };
}

const NOWHERE: Node = { type: 'Nowhere', start: 0, end: 0 };

/** Once a statement directly in this node has run, all following statements in it run after it. */
function isDominating(node: Node): boolean {
  return (
    node.type === 'BlockStatement' || node.type === 'StaticBlock' || node.type === 'ForStatement' || isForEach(node)
  );
}

/** Statements in it may be skipped. */
function isConditional(node: Node): boolean {
  return /^(If|While|DoWhile|Labeled|With)Statement$|^Switch/.test(node.type);
}

function isForEach(node: Node): boolean {
  return node.type === 'ForOfStatement' || node.type === 'ForInStatement';
}

function isCase(node: Node): boolean {
  return node.type === 'SwitchCase';
}

function statementsOfCase(node: Node): readonly Node[] {
  return (node as Node & { consequent: readonly Node[] }).consequent;
}
