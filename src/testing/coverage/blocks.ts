import type { Node } from 'acorn';
import { type AcornToken, childrenOf, isNode } from '../../source/parse-script.js';

/** A part of a source that is executed as a whole, as V8 divides it for its block coverage. */
export interface Block {
  /** `continuation`: what follows a statement that may leave the block around it. */
  readonly kind: 'function' | 'branch' | 'continuation';
  readonly start: number;
  readonly end: number;
  /** Of a function. */
  readonly name?: string;
}

/** A text to insert. At one place, closing ones stand before opening ones. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
  readonly isClosing: boolean;
}

export interface Blocks {
  /** Outer ones before those in them. */
  readonly blocks: readonly Block[];
  readonly insertions: readonly Insertion[];
}

type Fields = Readonly<Record<string, unknown>>;

interface FunctionNode extends Node {
  readonly body: Node;
  readonly params: Node[];
  readonly expression: boolean;
  readonly generator: boolean;
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const LOOPS = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement']);
/** Statements behind which execution may not go on. */
const LEAVING = new Set([
  ...LOOPS,
  'IfStatement',
  'SwitchStatement',
  'TryStatement',
  'LabeledStatement',
  'ReturnStatement',
  'ThrowStatement',
  'BreakStatement',
  'ContinueStatement',
]);

/**
 * The blocks of a function body, and the calls of `hit` that count them.
 *
 * @param body the function around the handler
 * @param tokens of the script, in order
 * @param hit writes the call for the block of this number
 */
export function blocksOf(body: Node, tokens: readonly AcornToken[], hit: (block: number) => string): Blocks {
  const finder = new BlockFinder(tokens, hit);
  finder.function(body, body, '(handler)');
  return finder;
}

class BlockFinder implements Blocks {
  readonly blocks: Block[] = [];
  readonly insertions: Insertion[] = [];
  readonly #tokens: readonly AcornToken[];
  readonly #hit: (block: number) => string;

  constructor(tokens: readonly AcornToken[], hit: (block: number) => string) {
    this.#tokens = tokens;
    this.#hit = hit;
  }

  /** @param whole what the function spans, with its name where it is a method */
  function(node: Node, whole: Node, name: string): void {
    const call = this.#count({ kind: 'function', start: whole.start, end: whole.end, name });
    const { body, params, expression, generator } = node as FunctionNode;
    for (const param of params) this.#visit(param);
    if (expression) {
      this.#open(this.#tokenAfter(params.at(-1)?.end ?? node.start, '=>', body.start).end, `(${call},`);
      this.#visit(body);
      this.#close(node.end, ')');
      return;
    }
    const statements = fieldNodes(body, 'body');
    const first = statements.find((statement) => !('directive' in statement));
    this.#open(first?.start ?? body.end - 1, `${call};`);
    // V8 counts the end of a generator apart: it is left through it.
    this.#statements(statements, generator ? body.end - 1 : body.end);
  }

  #visit(node: Node, parent?: Node): void {
    const fields = node as unknown as Fields;
    if (FUNCTIONS.has(node.type)) this.function(node, isMethod(parent) ? parent : node, nameOf(node, parent));
    else if (node.type === 'BlockStatement' || node.type === 'StaticBlock') {
      this.#statements(fieldNodes(node, 'body'), node.end);
    } else if (node.type === 'IfStatement') {
      this.#visit(fields['test'] as Node);
      const consequent = fields['consequent'] as Node;
      this.#branch(consequent, consequent.start);
      if (isNode(fields['alternate'])) this.#branch(fields['alternate'], consequent.end);
    } else if (LOOPS.has(node.type)) {
      for (const child of childrenOf(node)) {
        if (child === fields['body']) this.#branch(child, child.start);
        else this.#visit(child, node);
      }
    } else if (node.type === 'SwitchStatement') this.#switch(node);
    else if (node.type === 'TryStatement') this.#try(node);
    else if (node.type === 'ConditionalExpression') this.#conditional(node);
    else if (node.type === 'LogicalExpression') this.#logical(node);
    else for (const child of childrenOf(node)) this.#visit(child, node);
  }

  #statements(statements: readonly Node[], end: number): void {
    for (const [index, statement] of statements.entries()) {
      this.#visit(statement);
      const next = statements[index + 1];
      if (next === undefined || !(LEAVING.has(statement.type) || waits(statement))) continue;
      const call = this.#count({ kind: 'continuation', start: statement.end, end });
      this.#open(next.start, `${call};`);
    }
  }

  /** A statement that is executed or not. */
  #branch(statement: Node, start: number): void {
    // Only in sloppy code, where a block around it would change who sees it.
    if (statement.type === 'FunctionDeclaration') {
      this.#visit(statement);
      return;
    }
    const call = this.#count({ kind: 'branch', start, end: statement.end });
    if (statement.type === 'BlockStatement') {
      this.#open(statement.start + 1, `${call};`);
      this.#visit(statement);
      return;
    }
    this.#open(statement.start, `{${call};`);
    this.#visit(statement);
    this.#close(statement.end, '}');
  }

  #switch(node: Node): void {
    const { discriminant } = node as Node & { discriminant: Node };
    this.#visit(discriminant);
    for (const clause of fieldNodes(node, 'cases')) {
      const { test, consequent } = clause as Node & { test: Node | null; consequent: Node[] };
      if (test !== null) this.#visit(test);
      const call = this.#count({ kind: 'branch', start: clause.start, end: clause.end });
      this.#open(consequent[0]?.start ?? clause.end, `${call};`);
      this.#statements(consequent, clause.end);
    }
  }

  #try(node: Node): void {
    const { block, handler, finalizer } = node as Node & { block: Node; handler: Node | null; finalizer: Node | null };
    this.#visit(block);
    if (handler !== null) {
      const { param, body } = handler as Node & { param: Node | null; body: Node };
      if (param !== null) this.#visit(param);
      this.#open(body.start + 1, `${this.#count({ kind: 'branch', start: handler.start, end: handler.end })};`);
      this.#visit(body);
    }
    if (finalizer !== null) {
      const { start } = this.#tokenAfter((handler ?? block).end, 'finally', finalizer.start);
      this.#open(finalizer.start + 1, `${this.#count({ kind: 'branch', start, end: finalizer.end })};`);
      this.#visit(finalizer);
    }
  }

  #conditional(node: Node): void {
    const { test, consequent, alternate } = node as Node & { test: Node; consequent: Node; alternate: Node };
    this.#visit(test);
    const question = this.#tokenAfter(test.end, '?', consequent.start);
    const colon = this.#tokenAfter(consequent.end, ':', alternate.start);
    this.#open(question.end, `(${this.#count({ kind: 'branch', start: question.start, end: colon.start })},`);
    this.#visit(consequent);
    this.#close(colon.start, ')');
    this.#open(colon.end, `(${this.#count({ kind: 'branch', start: colon.start, end: node.end })},`);
    this.#visit(alternate);
    this.#close(node.end, ')');
  }

  #logical(node: Node): void {
    const { left, right, operator } = node as Node & { left: Node; right: Node; operator: string };
    this.#visit(left);
    const { end } = this.#tokenAfter(left.end, operator, right.start);
    this.#open(end, `(${this.#count({ kind: 'branch', start: right.start, end: node.end })},`);
    this.#visit(right);
    this.#close(node.end, ')');
  }

  /** @returns the call that counts it */
  #count(block: Block): string {
    this.blocks.push(block);
    return this.#hit(this.blocks.length - 1);
  }

  #open(at: number, text: string): void {
    this.insertions.push({ at, text, isClosing: false });
  }

  #close(at: number, text: string): void {
    this.insertions.push({ at, text, isClosing: true });
  }

  /** The first such token from a place on, before another one: only parentheses and comments may be in between. */
  #tokenAfter(from: number, text: string, before: number): AcornToken {
    let [low, high] = [0, this.#tokens.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tokens[middle] as AcornToken).start < from) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#tokens.length; i++) {
      const token = this.#tokens[i] as AcornToken;
      if (token.start >= before) break;
      if (textOf(token) === text) return token;
    }
    throw new RangeError(`there is no ${text} between ${from} and ${before}`);
  }
}

/** Operators have their text as the value, and keywords and punctuation as the type. */
function textOf({ type, value }: AcornToken & { readonly value?: unknown }): unknown {
  return value ?? type.label;
}

/** Whether a statement awaits or yields, outside of functions in it. */
function waits(node: Node): boolean {
  if (FUNCTIONS.has(node.type)) return false;
  if (node.type === 'AwaitExpression' || node.type === 'YieldExpression') return true;
  return childrenOf(node).some(waits);
}

function isMethod(node: Node | undefined): node is Node {
  if (node?.type === 'MethodDefinition') return true;
  const { method, kind } = (node ?? {}) as { method?: boolean; kind?: string };
  return node?.type === 'Property' && (method === true || kind !== 'init');
}

function nameOf(node: Node, parent: Node | undefined): string {
  const own = (node as unknown as { id?: Fields | null }).id;
  const { id, key } = (parent ?? {}) as unknown as { id?: Fields; key?: Fields };
  const name = own?.['name'] ?? (parent?.type === 'VariableDeclarator' ? id?.['name'] : key?.['name']);
  return typeof name === 'string' ? name : `(anonymous)`;
}

function fieldNodes(node: Node, field: string): Node[] {
  return (node as unknown as Fields)[field] as Node[];
}
