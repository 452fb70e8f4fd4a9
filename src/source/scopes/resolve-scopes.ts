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
import { namesOf } from '../lowering/names.js';
import { childrenOf } from '../parse-script.js';
import { declaredNames, hoist, lexicalNames, statementsOf } from './declarations.js';
import { type AnyFunction, hasStrictDirective, isFunction } from './functions.js';
import { NameScope, Variable } from './name-scope.js';

/** Identifiers to variables. One that is missing names a global. */
export interface Scopes {
  readonly variables: ReadonlyMap<Node, Variable>;
  readonly strict: ReadonlySet<AnyFunction>;
  /** Functions, except arrow functions, that use `arguments`. */
  readonly usesArguments: ReadonlySet<AnyFunction>;
  readonly withs: readonly Node[];
}

interface Keyed extends Node {
  readonly computed: boolean;
  readonly key?: Node;
  readonly property?: Node;
  readonly object?: Node;
  readonly value?: Node | null;
}

/** The body of a function, and the functions in its blocks that are variables of it. */
interface FunctionBody {
  readonly scope: NameScope;
  readonly functions: ReadonlyMap<Node, string>;
}

/**
 * Determines which variable each identifier names, by the rules of the language: blocks, hoisting,
 * parameters, classes.
 *
 * @param isStrict whether the code around it is, as that of a module
 */
export function resolveScopes(handler: FunctionExpression, isStrict = false): Scopes {
  const resolver = new ScopeResolver();
  resolver.visitFunction(handler, new NameScope(undefined, []), isStrict);
  return resolver;
}

/** Goes through a program once, the scopes around each node at hand. */
class ScopeResolver implements Scopes {
  readonly variables = new Map<Node, Variable>();
  readonly strict = new Set<AnyFunction>();
  readonly usesArguments = new Set<AnyFunction>();
  readonly withs: Node[] = [];
  /** Those around the current node, the innermost last. */
  readonly #bodies: FunctionBody[] = [];

  /** A binding occurrence is no use. */
  #declare(node: Identifier, scope: NameScope): void {
    const variable = scope.lookUp(node.name);
    if (variable !== undefined) this.variables.set(node, variable);
  }

  #refer(node: Identifier, scope: NameScope): void {
    const { name, start, end } = node;
    if (name === 'arguments') this.#noteArguments(scope);
    const variable = scope.lookUp(name);
    if (variable === undefined) return;
    this.variables.set(node, variable);
    if (!variable.isVar || variable.mayBeUnset) return;
    const isAssigned = variable.assigned.some((range) => start >= range.from && end <= range.to);
    if (!isAssigned || scope.isHoistedUse(name)) variable.mayBeUnset = true;
  }

  #noteArguments(scope: NameScope): void {
    const owner = scope.argumentsOwner;
    if (owner !== undefined) this.usesArguments.add(owner);
  }

  visitFunction(node: AnyFunction, around: NameScope, isStrictAround: boolean): void {
    const isStrict = isStrictAround || hasStrictDirective(node);
    if (isStrict) this.strict.add(node);
    const isArrow = node.type === 'ArrowFunctionExpression';
    const named = node.type === 'FunctionExpression' && node.id ? new NameScope(around, [node.id.name]) : around;
    if (node.type === 'FunctionExpression' && node.id) this.#declare(node.id, named);
    const parameters = new NameScope(named, node.params.flatMap(namesOf), {
      isHoisted: node.type === 'FunctionDeclaration',
      owner: isArrow ? undefined : node,
    });
    for (const param of node.params) this.#visitPattern(param, parameters, isStrict, true);
    const { body } = node;
    if (body.type !== 'BlockStatement') {
      this.#visit(body, parameters, isStrict);
      return;
    }
    this.#visitBody(body, parameters, isStrict);
  }

  #visitBody(body: Node, parameters: NameScope, isStrict: boolean): void {
    const scope = new NameScope(parameters, lexicalNames(statementsOf(body) ?? []));
    const { vars, blockFunctions } = hoist(body, isStrict, new Set(parameters.names.keys()));
    for (const { name, assigned } of vars) {
      const known = scope.names.get(name) ?? parameters.names.get(name);
      const variable = known ?? new Variable(name, true);
      scope.names.set(name, variable);
      if (assigned !== undefined) variable.assigned.push(assigned);
    }
    for (const name of blockFunctions.values()) {
      if (!scope.names.has(name)) scope.names.set(name, new Variable(name, false, parameters.lookUp(name) ?? 'global'));
    }
    this.#bodies.push({ scope, functions: blockFunctions });
    this.#visitChildren(body, scope, isStrict);
    this.#bodies.pop();
  }

  #openBlock(statements: readonly Node[], around: NameScope): NameScope {
    const scope = new NameScope(around, lexicalNames(statements));
    const home = this.#bodies.at(-1);
    for (const statement of statements) {
      const name = home?.functions.get(statement);
      const variable = name === undefined ? undefined : home?.scope.names.get(name);
      if (variable !== undefined) scope.names.set(variable.name, variable);
    }
    return scope;
  }

  #visitChildren(node: Node, scope: NameScope, isStrict: boolean): void {
    for (const child of childrenOf(node)) this.#visit(child, scope, isStrict);
  }

  #visit(node: Node, scope: NameScope, isStrict: boolean): void {
    if (isFunction(node)) {
      if (node.type === 'FunctionDeclaration') this.#declare((node as FunctionDeclaration).id, scope);
      this.visitFunction(node, scope, isStrict);
      return;
    }
    switch (node.type) {
      case 'Identifier':
        this.#refer(node as Identifier, scope);
        return;
      case 'BlockStatement':
      case 'SwitchStatement':
        this.#visitChildren(node, this.#openBlock(statementsOf(node) ?? [], scope), isStrict);
        return;
      case 'StaticBlock':
        this.#visitBody(node, new NameScope(scope, []), true);
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#visitChildren(node, new NameScope(scope, headNames(node as ForStatement)), isStrict);
        return;
      case 'CatchClause':
        this.#visitCatch(node as CatchClause, scope, isStrict);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#visitClass(node as Class, scope);
        return;
      case 'VariableDeclarator': {
        const { id, init } = node as Node & { id: Node; init: Node | null };
        this.#visitPattern(id, scope, isStrict, true);
        if (init) this.#visit(init, scope, isStrict);
        return;
      }
      case 'LabeledStatement':
        this.#visit((node as Node & { body: Node }).body, scope, isStrict);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
      case 'WithStatement':
        this.withs.push(node);
        this.#visitChildren(node, scope, isStrict);
        return;
      case 'MemberExpression':
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        this.#visitKeyed(node as Keyed, scope, isStrict, false);
        return;
      default:
        this.#visitChildren(node, scope, isStrict);
        return;
    }
  }

  /** The names of members are no variables. */
  #visitKeyed(node: Keyed, scope: NameScope, isStrict: boolean, isBinding: boolean): void {
    const name = node.key ?? node.property;
    if (node.object) this.#visit(node.object, scope, isStrict);
    if (node.computed && name) this.#visit(name, scope, isStrict);
    if (node.value) {
      if (isBinding) this.#visitPattern(node.value, scope, isStrict, true);
      else this.#visit(node.value, scope, isStrict);
    }
  }

  #visitPattern(node: Node, scope: NameScope, isStrict: boolean, isBinding: boolean): void {
    switch (node.type) {
      case 'Identifier':
        this.#declare(node as Identifier, scope);
        return;
      case 'Property':
        this.#visitKeyed(node as Keyed, scope, isStrict, isBinding);
        return;
      case 'AssignmentPattern': {
        const { left, right } = node as Node & { left: Node; right: Node };
        this.#visitPattern(left, scope, isStrict, isBinding);
        this.#visit(right, scope, isStrict);
        return;
      }
      case 'ObjectPattern':
      case 'ArrayPattern':
      case 'RestElement':
        for (const child of childrenOf(node)) this.#visitPattern(child, scope, isStrict, isBinding);
        return;
      default:
        this.#visit(node, scope, isStrict);
        return;
    }
  }

  #visitCatch({ param, body }: CatchClause, around: NameScope, isStrict: boolean): void {
    const scope = new NameScope(around, param ? namesOf(param) : []);
    if (param) this.#visitPattern(param, scope, isStrict, true);
    this.#visit(body as BlockStatement, scope, isStrict);
  }

  #visitClass({ id, superClass, body }: Class, around: NameScope): void {
    const scope = new NameScope(around, id ? [id.name] : []);
    if (id) {
      // The name of a class inside and outside of it is one variable here.
      const outer = around.names.get(id.name);
      if (outer !== undefined) scope.names.set(id.name, outer);
      this.#declare(id, scope);
    }
    if (superClass) this.#visit(superClass, scope, true);
    for (const member of body.body) this.#visit(member, scope, true);
  }
}

function headNames(node: Node): string[] {
  const head = (node as ForStatement).init ?? (node as Node & { left?: Node }).left;
  if (head?.type !== 'VariableDeclaration') return [];
  return (head as { kind?: string }).kind === 'var' ? [] : declaredNames(head as Parameters<typeof declaredNames>[0]);
}
