import type { Class, Identifier, Node } from 'acorn';
import { childrenOf } from '../../source/parse-script.js';
import type { AnyFunction } from '../../source/scopes/functions.js';
import type { Variable } from '../../source/scopes/name-scope.js';
import type { Scopes } from '../../source/scopes/resolve-scopes.js';
import type { Interpreter } from './interpreter.js';
import {
  ANY_MEMBER,
  Cell,
  type FunctionAtom,
  type Home,
  members,
  type ObjectAtom,
  union,
  type Value,
} from './values/atoms.js';

/** What the code at a place sees as `this`, `arguments` and `super`, and whose `return` it is. */
export interface CallFrame {
  readonly callee: FunctionAtom;
  readonly self: Cell;
  readonly arguments: ObjectAtom;
  readonly home: Home | undefined;
}

/** The variables and functions of the analysed program. */
export class Program {
  readonly machine: Interpreter;
  readonly #scopes: Scopes;
  readonly #variables = new Map<Variable, Cell>();
  readonly #globals = new Map<string, Cell>();
  readonly #functions = new Map<Node, FunctionAtom>();
  /** Called once for each function that is found. */
  readonly #onFunction: (callee: FunctionAtom, around: CallFrame | undefined) => void;

  constructor(
    machine: Interpreter,
    scopes: Scopes,
    onFunction: (callee: FunctionAtom, around: CallFrame | undefined) => void,
  ) {
    this.machine = machine;
    this.#scopes = scopes;
    this.#onFunction = onFunction;
  }

  read(node: Identifier): Value {
    return this.#readVariable(this.#scopes.variables.get(node), node.name);
  }

  write(node: Identifier, value: Value): void {
    this.#writeVariable(this.#scopes.variables.get(node), node.name, value);
  }

  isDeclared(node: Identifier): boolean {
    return this.#scopes.variables.has(node);
  }

  usesArguments(node: AnyFunction): boolean {
    return this.#scopes.usesArguments.has(node);
  }

  /** The meaning of a name that the handler does not declare. */
  readGlobal(name: string): Value {
    const { atoms, flow } = this.machine;
    const assigned = flow.read(this.#global(name));
    const known = this.#knownGlobal(name) ?? (BUILTINS.has(name) ? atoms.builtin(name) : undefined);
    // An undeclared variable was assigned somewhere, or reading it is an error.
    return union(assigned, known ?? (assigned.size > 0 ? atoms.undefined : atoms.unknown));
  }

  writeGlobal(name: string, value: Value): void {
    this.machine.flow.add(this.#global(name), value);
  }

  /** The function that an expression or declaration makes. */
  functionAt(node: AnyFunction, around: CallFrame | undefined, home?: Home): FunctionAtom {
    const known = this.#functions.get(node);
    if (known !== undefined) return known;
    const callee = this.#makeFunction(node, this.#scopes.strict.has(node), around, home, node.params.length);
    this.#functions.set(node, callee);
    const isMethod = home !== undefined;
    if (!isMethod && node.type !== 'ArrowFunctionExpression') this.#givePrototype(callee);
    this.#onFunction(callee, around);
    return callee;
  }

  /** The constructor function of a class. */
  classAt(node: Class): FunctionAtom {
    const known = this.#functions.get(node);
    if (known !== undefined) return known;
    const { atoms } = this.machine;
    const prototype = atoms.object(node, 'prototype');
    const superclass = new Cell();
    const classParts = {
      superclass,
      staticSelf: new Cell(),
      constructors: new Cell(),
      prototype,
      assignedFirst: assignedFirst(node),
    };
    const callee: FunctionAtom = { ...this.#makeFunction(node, true, undefined, undefined, 0), classParts };
    this.machine.flow.add(classParts.staticSelf, new Set([callee]));
    this.#functions.set(node, callee);
    this.#givePrototype(callee);
    return callee;
  }

  #makeFunction(
    node: AnyFunction | Class,
    isStrict: boolean,
    around: CallFrame | undefined,
    home: Home | undefined,
    parameterCount: number,
  ): FunctionAtom {
    const isArrow = node.type === 'ArrowFunctionExpression';
    const { atoms } = this.machine;
    const usesArguments = !isArrow && this.#scopes.usesArguments.has(node as AnyFunction);
    const callee: FunctionAtom = {
      kind: 'function',
      node,
      isStrict,
      self: isArrow && around !== undefined ? around.self : new Cell(),
      parameters: Array.from({ length: parameterCount }, () => new Cell()),
      extra: new Cell(),
      arguments:
        isArrow && around !== undefined
          ? around.arguments
          : atoms.object(usesArguments ? node : NOWHERE, 'arguments', 'array'),
      usesArguments,
      returned: new Cell(),
      yielded: new Cell(),
      sent: new Cell(),
      home: isArrow ? around?.home : home,
      classParts: undefined,
      ...members(),
    };
    callee.fields.set(ANY_MEMBER, new Cell());
    if (usesArguments) {
      const ofArguments = new Cell();
      if (!isStrict) this.machine.flow.add(ofArguments, new Set([callee]));
      callee.arguments.fields.set('callee', ofArguments);
    }
    return callee;
  }

  /** Instances created with `new` inherit from this prototype. */
  #givePrototype(callee: FunctionAtom): void {
    const { atoms, flow } = this.machine;
    const prototype = callee.classParts?.prototype ?? atoms.object(callee.node, 'prototype');
    const [ofFunction, ofPrototype] = [new Cell(), new Cell()];
    flow.add(ofFunction, new Set([prototype]));
    flow.add(ofPrototype, new Set([callee]));
    callee.fields.set('prototype', ofFunction);
    prototype.fields.set('constructor', ofPrototype);
    callee.definite.add('prototype');
  }

  #readVariable(variable: Variable | undefined, name: string): Value {
    if (variable === undefined) return this.readGlobal(name);
    const { atoms, flow } = this.machine;
    const { outer, mayBeUnset } = variable;
    return union(
      flow.read(this.#cell(variable)),
      mayBeUnset ? atoms.undefined : union(),
      outer === undefined ? union() : this.#readVariable(outer === 'global' ? undefined : outer, name),
    );
  }

  #writeVariable(variable: Variable | undefined, name: string, value: Value): void {
    if (variable === undefined) {
      this.writeGlobal(name, value);
      return;
    }
    this.machine.flow.add(this.#cell(variable), value);
    const { outer } = variable;
    if (outer !== undefined) this.#writeVariable(outer === 'global' ? undefined : outer, name, value);
  }

  #cell(variable: Variable): Cell {
    const known = this.#variables.get(variable) ?? new Cell();
    this.#variables.set(variable, known);
    return known;
  }

  #global(name: string): Cell {
    const known = this.#globals.get(name) ?? new Cell();
    this.#globals.set(name, known);
    return known;
  }

  #knownGlobal(name: string): Value | undefined {
    const { atoms } = this.machine;
    switch (name) {
      case '$state':
        return atoms.state;
      case '$emit':
        return atoms.emit;
      case '$view':
        return atoms.view;
      case '$ext':
        return atoms.ext;
      case '$lib':
        return atoms.unknown;
      case '$args':
      case '$scope':
        return this.machine.data(GLOBAL_DATA, name);
      case 'globalThis':
      case 'self':
        return atoms.global;
      case 'undefined':
        return atoms.undefined;
      case 'NaN':
      case 'Infinity':
        return atoms.constant(Number(name));
      default:
        return undefined;
    }
  }
}

/** Names that the language, the runtime and the web define: this process has more globals than a handler. */
const BUILTINS: ReadonlySet<string> = new Set([
  ...['$log', '$sleep', '$sleepUntil', '$signal', 'scheduler', 'InternalError'],
  ...Object.getOwnPropertyNames(globalThis),
]);

const GLOBALS_OF_HANDLERS: ReadonlySet<string> = new Set([
  ...['$state', '$args', '$scope', '$ext', '$emit', '$view', '$lib', 'arguments'],
  ...['$forAwait', '$using'],
]);

/** Whether the language, the runtime or the web defines a name. */
export function isKnownGlobal(name: string): boolean {
  return GLOBALS_OF_HANDLERS.has(name) || BUILTINS.has(name);
}

/** Stands for the place of values that are created at no place. */
const NOWHERE: Node = { type: 'Program', start: 0, end: 0 };

/** Stands for the place where the runtime creates `$args` and `$scope`. */
const GLOBAL_DATA: Node = { type: 'Program', start: 0, end: 0 };

/** The names of `this.name = value` at the very start of a constructor, where the values do not read `this`. */
function assignedFirst({ body, superClass }: Class): string[] {
  const method = body.body.find((member) => member.type === 'MethodDefinition' && member.kind === 'constructor');
  const names: string[] = [];
  if (superClass || method?.type !== 'MethodDefinition') return names;
  for (const statement of method.value.body.body) {
    const assignment = statement.type === 'ExpressionStatement' ? statement.expression : undefined;
    if (assignment?.type !== 'AssignmentExpression' || assignment.operator !== '=') break;
    const { left, right } = assignment;
    if (left.type !== 'MemberExpression' || left.object.type !== 'ThisExpression' || mentionsThis(right)) break;
    if (left.computed || left.property.type !== 'Identifier') break;
    names.push(left.property.name);
  }
  return names;
}

function mentionsThis(node: Node): boolean {
  return node.type === 'ThisExpression' || childrenOf(node).some(mentionsThis);
}
