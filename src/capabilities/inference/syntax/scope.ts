import type {
  BlockStatement,
  CatchClause,
  Class,
  ForStatement,
  FunctionDeclaration,
  FunctionExpression,
  Identifier,
  Node,
} from 'acorn';
import { childrenOf } from '../../../source/parse-script.js';
import { boundNames, declaredNames, hoist, lexicalNames, type Range, statementsOf } from './declarations.js';
import { type AnyFunction, hasStrictDirective, isFunction } from './syntax.js';

/** A variable of the program. */
export class Variable {
  readonly name: string;
  /** Whether it may be read before it has a value, like a `var`. */
  mayBeUnset = false;
  /** The surrounding variable that is meant if a function in a block is not hoisted. */
  readonly outer: Variable | 'global' | undefined;
  readonly assigned: Range[] = [];
  readonly isVar: boolean;

  constructor(name: string, isVar = false, outer?: Variable | 'global') {
    this.name = name;
    this.isVar = isVar;
    this.outer = outer;
  }
}

/** Maps identifiers to variables. An identifier that is missing names a global. */
export interface Scopes {
  readonly variables: ReadonlyMap<Node, Variable>;
  readonly strict: ReadonlySet<AnyFunction>;
  /** Functions, except arrow functions, that use `arguments`. */
  readonly usesArguments: ReadonlySet<AnyFunction>;
  readonly withs: readonly Node[];
}

interface Scope {
  readonly names: Map<string, Variable>;
  readonly parent: Scope | undefined;
  /** Set for a function declaration, which may be called before its position. */
  readonly isHoisted: boolean;
  readonly owner: AnyFunction | undefined;
}

/**
 * Determines which variable each identifier names, by the rules of the language: blocks, hoisting,
 * parameters, classes.
 */
export function resolveScopes(handler: FunctionExpression): Scopes {
  const variables = new Map<Node, Variable>();
  const strict = new Set<AnyFunction>();
  const usesArguments = new Set<AnyFunction>();
  const withs: Node[] = [];

  function open(parent: Scope | undefined, names: readonly string[], options: Partial<Scope> = {}): Scope {
    const scope: Scope = { names: new Map(), parent, isHoisted: false, owner: undefined, ...options };
    for (const name of names) scope.names.set(name, new Variable(name));
    return scope;
  }

  function lookUp(name: string, from: Scope | undefined): Variable | undefined {
    for (let scope = from; scope !== undefined; scope = scope.parent) {
      const variable = scope.names.get(name);
      if (variable !== undefined) return variable;
    }
    return undefined;
  }

  function refer(node: Identifier, from: Scope): void {
    let isHoisted = false;
    if (node.name === 'arguments') noteArguments(from);
    for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.parent) {
      const variable = scope.names.get(node.name);
      if (variable !== undefined) {
        variables.set(node, variable);
        const isSafe = !isHoisted && variable.assigned.some(({ from, to }) => node.start >= from && node.end <= to);
        if (variable.isVar && !isSafe) variable.mayBeUnset = true;
        return;
      }
      isHoisted ||= scope.isHoisted;
    }
  }

  function noteArguments(from: Scope): void {
    for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.parent) {
      if (scope.owner === undefined) continue;
      usesArguments.add(scope.owner);
      return;
    }
  }

  /** A binding occurrence is not a use. */
  function declare(node: Identifier, from: Scope): void {
    const variable = lookUp(node.name, from);
    if (variable !== undefined) variables.set(node, variable);
  }

  function visitFunction(node: AnyFunction, around: Scope, isStrictAround: boolean): void {
    const isStrict = isStrictAround || hasStrictDirective(node);
    if (isStrict) strict.add(node);
    const isArrow = node.type === 'ArrowFunctionExpression';
    const named = node.type === 'FunctionExpression' && node.id ? open(around, [node.id.name]) : around;
    if (node.type === 'FunctionExpression' && node.id) declare(node.id, named);
    const parameters = open(named, node.params.flatMap(boundNames), {
      isHoisted: node.type === 'FunctionDeclaration',
      owner: isArrow ? undefined : node,
    });
    for (const param of node.params) visitPattern(param, parameters, isStrict, true);
    const { body } = node;
    if (body.type !== 'BlockStatement') {
      visit(body, parameters, isStrict);
      return;
    }
    visitBody(body, parameters, isStrict);
  }

  function visitBody(body: Node, parameters: Scope, isStrict: boolean): void {
    const scope = open(parameters, lexicalNames(statementsOf(body) ?? []));
    const { vars, blockFunctions } = hoist(body, isStrict, new Set(parameters.names.keys()));
    for (const { name, assigned } of vars) {
      const known = scope.names.get(name) ?? parameters.names.get(name);
      const variable = known ?? new Variable(name, true);
      scope.names.set(name, variable);
      if (assigned !== undefined) variable.assigned.push(assigned);
    }
    for (const name of blockFunctions.values()) {
      if (!scope.names.has(name))
        scope.names.set(name, new Variable(name, false, lookUp(name, parameters) ?? 'global'));
    }
    shared.push({ scope, functions: blockFunctions });
    visitChildren(body, scope, isStrict);
    shared.pop();
  }

  const shared: { readonly scope: Scope; readonly functions: ReadonlyMap<Node, string> }[] = [];

  function openBlock(statements: readonly Node[], around: Scope): Scope {
    const scope = open(around, lexicalNames(statements));
    const home = shared.at(-1);
    for (const statement of statements) {
      const name = home?.functions.get(statement);
      const variable = name === undefined ? undefined : home?.scope.names.get(name);
      if (variable !== undefined) scope.names.set(variable.name, variable);
    }
    return scope;
  }

  function visitChildren(node: Node, scope: Scope, isStrict: boolean): void {
    for (const child of childrenOf(node)) visit(child, scope, isStrict);
  }

  function visit(node: Node, scope: Scope, isStrict: boolean): void {
    if (isFunction(node)) {
      if (node.type === 'FunctionDeclaration') declare((node as FunctionDeclaration).id, scope);
      visitFunction(node, scope, isStrict);
      return;
    }
    switch (node.type) {
      case 'Identifier':
        refer(node as Identifier, scope);
        return;
      case 'BlockStatement':
      case 'SwitchStatement':
        visitChildren(node, openBlock(statementsOf(node) ?? [], scope), isStrict);
        return;
      case 'StaticBlock':
        visitBody(node, open(scope, []), true);
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        visitChildren(node, open(scope, headNames(node as ForStatement)), isStrict);
        return;
      case 'CatchClause':
        visitCatch(node as CatchClause, scope, isStrict);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        visitClass(node as Class, scope);
        return;
      case 'VariableDeclarator': {
        const { id, init } = node as Node & { id: Node; init: Node | null };
        visitPattern(id, scope, isStrict, true);
        if (init) visit(init, scope, isStrict);
        return;
      }
      case 'LabeledStatement':
        visit((node as Node & { body: Node }).body, scope, isStrict);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
      case 'WithStatement':
        withs.push(node);
        visitChildren(node, scope, isStrict);
        return;
      case 'MemberExpression':
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        visitKeyed(node as Keyed, scope, isStrict, false);
        return;
      default:
        visitChildren(node, scope, isStrict);
        return;
    }
  }

  interface Keyed extends Node {
    readonly computed: boolean;
    readonly key?: Node;
    readonly property?: Node;
    readonly object?: Node;
    readonly value?: Node | null;
  }

  /** The names of members are not variables. */
  function visitKeyed(node: Keyed, scope: Scope, isStrict: boolean, isBinding: boolean): void {
    const name = node.key ?? node.property;
    if (node.object) visit(node.object, scope, isStrict);
    if (node.computed && name) visit(name, scope, isStrict);
    if (node.value) {
      if (isBinding) visitPattern(node.value, scope, isStrict, true);
      else visit(node.value, scope, isStrict);
    }
  }

  function visitPattern(node: Node, scope: Scope, isStrict: boolean, isBinding: boolean): void {
    switch (node.type) {
      case 'Identifier':
        declare(node as Identifier, scope);
        return;
      case 'Property':
        visitKeyed(node as Keyed, scope, isStrict, isBinding);
        return;
      case 'AssignmentPattern': {
        const { left, right } = node as Node & { left: Node; right: Node };
        visitPattern(left, scope, isStrict, isBinding);
        visit(right, scope, isStrict);
        return;
      }
      case 'ObjectPattern':
      case 'ArrayPattern':
      case 'RestElement':
        for (const child of childrenOf(node)) visitPattern(child, scope, isStrict, isBinding);
        return;
      default:
        visit(node, scope, isStrict);
        return;
    }
  }

  function visitCatch({ param, body }: CatchClause, around: Scope, isStrict: boolean): void {
    const scope = open(around, param ? boundNames(param) : []);
    if (param) visitPattern(param, scope, isStrict, true);
    visit(body as BlockStatement, scope, isStrict);
  }

  function visitClass({ id, superClass, body }: Class, around: Scope): void {
    const scope = open(around, id ? [id.name] : []);
    if (id) {
      // The name of a class inside and outside of it is one variable here.
      const outer = around.names.get(id.name);
      if (outer !== undefined) scope.names.set(id.name, outer);
      declare(id, scope);
    }
    if (superClass) visit(superClass, scope, true);
    for (const member of body.body) visit(member, scope, true);
  }

  const root = open(undefined, []);
  visitFunction(handler, root, false);
  return { variables, strict, usesArguments, withs };
}

function headNames(node: Node): string[] {
  const head = (node as ForStatement).init ?? (node as Node & { left?: Node }).left;
  if (head?.type !== 'VariableDeclaration') return [];
  return (head as { kind?: string }).kind === 'var' ? [] : declaredNames(head as Parameters<typeof declaredNames>[0]);
}
