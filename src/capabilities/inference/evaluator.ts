import type {
  AssignmentExpression,
  BinaryExpression,
  CallExpression,
  Class,
  Expression,
  Identifier,
  MemberExpression,
  NewExpression,
  Node,
  ObjectExpression,
  Pattern,
  Property,
  SpreadElement,
  Super,
  TaggedTemplateExpression,
  TemplateLiteral,
  UnaryExpression,
  YieldExpression,
} from 'acorn';

import { Args } from './arguments.js';
import { type Atom, NOTHING, type ObjectAtom, type Primitive, union, type Value } from './atoms.js';
import type { Calls } from './calls.js';
import { onlyFunctions } from './collections.js';
import type { Interpreter } from './interpreter.js';
import type { MemberAccess } from './member-access.js';
import { concatenate, plus } from './names.js';
import { knownElements } from './native-methods.js';
import { assignPattern, keyOf, type PatternContext } from './patterns.js';
import type { Frame, Program } from './program.js';

/** What the evaluation of all functions has in common. */
export interface Shared {
  readonly program: Program;
  readonly calls: Calls;
  readonly members: MemberAccess;
  readonly evaluateClass: (node: Class, evaluator: Evaluator) => Value;
  readonly runStatements: (statements: readonly Node[], evaluator: Evaluator) => void;
}

/** Evaluates expressions in a frame: what they may be, and what happens on the way. */
export class Evaluator implements PatternContext {
  readonly machine: Interpreter;
  readonly shared: Shared;
  readonly frame: Frame;

  constructor(shared: Shared, frame: Frame) {
    this.machine = shared.program.machine;
    this.shared = shared;
    this.frame = frame;
  }

  evaluate(node: Expression): Value {
    const { atoms, flow } = this.machine;
    flow.step();
    switch (node.type) {
      case 'Identifier':
        return this.#identifier(node);
      case 'Literal':
        return node.regex ? this.#regex(node) : atoms.constant(node.value as Primitive);
      case 'TemplateLiteral':
        return this.#template(node);
      case 'ThisExpression':
        return flow.read(this.frame.self);
      case 'ArrayExpression':
        return this.#array(node.elements, node);
      case 'ObjectExpression':
        return this.#object(node);
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return new Set<Atom>([this.shared.program.functionAt(node, this.frame)]);
      case 'ClassExpression':
        return this.shared.evaluateClass(node, this);
      case 'UnaryExpression':
        return this.#unary(node);
      case 'UpdateExpression':
        this.evaluate(node.argument);
        this.assign(node.argument as Pattern, atoms.number);
        return atoms.number;
      case 'BinaryExpression':
        return this.#binary(node);
      case 'AssignmentExpression':
        return this.#assignment(node);
      case 'LogicalExpression':
        return union(this.evaluate(node.left), this.evaluate(node.right));
      case 'ConditionalExpression':
        this.evaluate(node.test);
        return union(this.evaluate(node.consequent), this.evaluate(node.alternate));
      case 'MemberExpression':
        return this.#member(node).value;
      case 'CallExpression':
        return this.#call(node);
      case 'NewExpression':
        return this.#new(node);
      case 'SequenceExpression':
        return node.expressions.map((expression) => this.evaluate(expression)).at(-1) ?? NOTHING;
      case 'TaggedTemplateExpression':
        return this.#tagged(node);
      case 'YieldExpression':
        return this.#yield(node);
      case 'AwaitExpression':
        return this.machine.awaited(this.evaluate(node.argument), node);
      case 'ChainExpression':
        return union(this.evaluate(node.expression), atoms.undefined);
      case 'ParenthesizedExpression':
        return this.evaluate(node.expression);
      case 'MetaProperty':
        return union(new Set<Atom>([this.frame.callee]), atoms.unknown);
      case 'ImportExpression':
        // Rejects whatever it is given.
        this.machine.readWhole(this.evaluate(node.source), node);
        return atoms.unknown;
    }
  }

  /** The same program, seen from another frame. */
  within(frame: Frame): Evaluator {
    return new Evaluator(this.shared, frame);
  }

  run(statements: readonly Node[]): void {
    this.shared.runStatements(statements, this);
  }

  /** `return`: an async function's caller gets what the value resolves to. */
  giveBack(value: Value, at: Node): void {
    const { callee } = this.frame;
    const isAsync = 'async' in callee.node && callee.node.async;
    this.machine.flow.add(callee.returned, isAsync ? this.machine.awaited(value, at) : value);
  }

  write(node: Identifier, value: Value): void {
    this.shared.program.write(node, value);
  }

  assign(pattern: Pattern, value: Value): void {
    assignPattern(pattern, value, this);
  }

  storeMember(node: MemberExpression, value: Value): void {
    const isSuper = node.object.type === 'Super';
    const target = isSuper ? this.machine.flow.read(this.frame.self) : this.evaluate(node.object as Expression);
    this.machine.store(target, keyOf(node, node.property, this), value, node);
  }

  superclassOf({ home }: Frame, at: Node): Value {
    if (home === undefined) return NOTHING;
    const { atoms, flow } = this.machine;
    const parent = flow.read(home.parent);
    return home.kind === 'prototype' ? this.machine.load(parent, atoms.constant('prototype'), at) : parent;
  }

  args(nodes: readonly (Expression | SpreadElement)[]): Args {
    const positional: Value[] = [];
    let spread: Value | undefined;
    for (const node of nodes) {
      const isSpread = node.type === 'SpreadElement';
      const value = this.evaluate(isSpread ? node.argument : node);
      const known = isSpread ? knownElements(this.machine, value, node) : [value];
      if (known !== undefined && spread === undefined) positional.push(...known);
      else spread = union(spread ?? NOTHING, isSpread ? this.machine.elements(value, node) : value);
    }
    return new Args(positional, this.machine.atoms.undefined, spread);
  }

  #identifier(node: Identifier): Value {
    const value = this.shared.program.read(node);
    return node.name === 'arguments' ? union(value, new Set<Atom>([this.frame.arguments])) : value;
  }

  #regex(at: Node): Value {
    return this.machine.data(at, 'regexp');
  }

  #template({ quasis, expressions }: TemplateLiteral): Value {
    const { atoms } = this.machine;
    let text = atoms.constant(quasis[0]?.value.cooked ?? '');
    expressions.forEach((expression, index) => {
      const value = this.evaluate(expression);
      this.machine.readWhole(value, expression);
      const next = atoms.constant(quasis[index + 1]?.value.cooked ?? '');
      text = concatenate(atoms, concatenate(atoms, text, value), next);
    });
    return text;
  }

  #array(elements: readonly (Expression | SpreadElement | null)[], at: Node): Value {
    const { atoms } = this.machine;
    const list = atoms.object(at, 'array', 'array');
    const self = new Set<Atom>([list]);
    let isIndexKnown = true;
    elements.forEach((element, index) => {
      const isSpread = element?.type === 'SpreadElement';
      if (isSpread) isIndexKnown = false;
      const value = element === null ? atoms.undefined : isSpread ? this.args([element]).all() : this.evaluate(element);
      if (isIndexKnown) this.#define(list, String(index), value);
      else this.machine.store(self, atoms.number, value, at);
    });
    return self;
  }

  /** Whether it is there from the beginning shows when it is first made. */
  #define(object: ObjectAtom, name: string, value: Value): void {
    if (!object.fields.has(name)) object.definite.add(name);
    this.shared.members.define(object, name, value);
  }

  #object(node: ObjectExpression): Value {
    const { atoms } = this.machine;
    const object = atoms.object(node, 'object');
    const self = new Set<Atom>([object]);
    for (const property of node.properties) {
      if (property.type === 'SpreadElement') this.machine.copyMembers(this.evaluate(property.argument), self, property);
      else this.#property(property, object, node);
    }
    return self;
  }

  #property(property: Property, object: ObjectAtom, node: ObjectExpression): void {
    const { atoms, flow } = this.machine;
    const key = keyOf(property, property.key, this);
    const value = this.#propertyValue(property, object);
    const [only] = key;
    const isName = key.size === 1 && only?.kind === 'constant';
    const name = isName ? String(only.value) : undefined;
    if (property.kind !== 'init') {
      const names = [...key].map((atom) => (atom.kind === 'constant' ? String(atom.value) : symbolName(atom)));
      for (const each of names) this.shared.members.defineAccessor(object, property.kind, each, value);
    } else if (name === '__proto__' && !property.computed && !property.shorthand && !property.method) {
      flow.add(object.prototypes, value);
    } else if (name !== undefined) {
      const isAlone = node.properties.every(
        (other) => other === property || other.type === 'SpreadElement' || !isNamed(other, name),
      );
      if (isAlone) this.#define(object, name, value);
      else this.shared.members.define(object, name, value);
    } else this.machine.store(new Set<Atom>([object]), key.size === 0 ? atoms.primitive : key, value, property);
  }

  #propertyValue({ value, method, kind }: Property, object: ObjectAtom): Value {
    if ((method || kind !== 'init') && value.type === 'FunctionExpression') {
      const home = { kind: 'object', parent: object.prototypes } as const;
      return new Set<Atom>([this.shared.program.functionAt(value, this.frame, home)]);
    }
    return this.evaluate(value);
  }

  #unary({ operator, argument }: UnaryExpression): Value {
    const { atoms } = this.machine;
    if (operator === 'delete') {
      const target = argument.type === 'ChainExpression' ? argument.expression : argument;
      if (target.type === 'MemberExpression' && target.object.type !== 'Super') {
        const object = this.evaluate(target.object);
        this.machine.remove(object, keyOf(target, target.property, this), target);
      } else this.evaluate(argument);
      return atoms.primitive;
    }
    const value = this.evaluate(argument);
    if (operator === 'void') return atoms.undefined;
    if (operator === '!' || operator === 'typeof') return atoms.primitive;
    this.machine.readWhole(value, argument);
    return atoms.number;
  }

  #binary({ operator, left, right }: BinaryExpression): Value {
    const { atoms } = this.machine;
    const [a, b] = [left.type === 'PrivateIdentifier' ? atoms.primitive : this.evaluate(left), this.evaluate(right)];
    switch (operator) {
      case 'in':
        this.machine.has(b, a, right);
        return atoms.primitive;
      case 'instanceof': {
        const tests = onlyFunctions(this.machine.load(b, atoms.symbol('@@hasInstance'), right));
        this.machine.call(tests, b, new Args([a], atoms.undefined), right);
        return atoms.primitive;
      }
      case '===':
      case '!==':
        return atoms.primitive;
      case '+':
        this.machine.readWhole(union(a, b), right);
        return plus(atoms, a, b);
      default:
        this.machine.readWhole(union(a, b), right);
        return /^[-*/%|^&]|<<|>>/.test(operator) ? atoms.number : atoms.primitive;
    }
  }

  #assignment(node: AssignmentExpression): Value {
    const { atoms } = this.machine;
    const { operator, left, right } = node;
    if (operator === '=') {
      const value = this.evaluate(right);
      this.assign(left, value);
      return value;
    }
    const before = this.evaluate(left as Expression);
    const operand = this.evaluate(right);
    const isLogical = ['||=', '&&=', '??='].includes(operator);
    if (!isLogical) this.machine.readWhole(union(before, operand), node);
    const value = isLogical ? operand : operator === '+=' ? plus(atoms, before, operand) : atoms.number;
    this.assign(left, value);
    return isLogical ? union(before, value) : value;
  }

  /** A member with what it was read from, which is `this` when it is called. */
  #member(node: MemberExpression): { readonly value: Value; readonly self: Value } {
    const key = keyOf(node, node.property, this);
    if (node.object.type === 'Super') {
      const parent = this.superclassOf(this.frame, node);
      return { value: this.machine.load(parent, key, node), self: this.machine.flow.read(this.frame.self) };
    }
    const self = this.evaluate(node.object);
    return { value: this.machine.load(self, key, node), self };
  }

  #call(node: CallExpression): Value {
    const { callee } = node;
    if (callee.type === 'Super') return this.#superCall(node);
    if (callee.type === 'MemberExpression') return this.#methodCall(callee, node);
    if (callee.type === 'ChainExpression' && callee.expression.type === 'MemberExpression') {
      return this.#methodCall(callee.expression, node);
    }
    const called = this.evaluate(callee);
    return this.machine.call(called, undefined, this.args(node.arguments), node);
  }

  /** Each receiver is called with its own method only. */
  #methodCall(callee: MemberExpression, node: CallExpression): Value {
    if (callee.object.type === 'Super') {
      const { value, self } = this.#member(callee);
      return this.machine.call(value, self, this.args(node.arguments), node);
    }
    const receivers = this.evaluate(callee.object);
    const key = keyOf(callee, callee.property, this);
    const args = this.args(node.arguments);
    const results = [...receivers].map((receiver) => {
      const self = new Set([receiver]);
      return this.machine.call(this.machine.loadMethod(self, key, callee), self, args, node);
    });
    return union(...results);
  }

  #superCall(node: CallExpression & { callee: Super | Expression }): Value {
    const { flow } = this.machine;
    const { home, self } = this.frame;
    const args = this.args(node.arguments);
    const instances = flow.read(self);
    const parents = home === undefined ? NOTHING : flow.read(home.parent);
    const returned = this.shared.calls.initialiseAll(parents, instances, args, node);
    flow.add(self, returned);
    return union(instances, returned);
  }

  #new(node: NewExpression): Value {
    const callee = this.evaluate(node.callee);
    return this.machine.construct(callee, this.args(node.arguments), node);
  }

  #tagged(node: TaggedTemplateExpression): Value {
    const { tag, quasi } = node;
    const strings = this.machine.data(quasi, 'strings');
    const values = quasi.expressions.map((expression) => this.evaluate(expression));
    const args = new Args([strings, ...values], this.machine.atoms.undefined);
    if (tag.type !== 'MemberExpression') return this.machine.call(this.evaluate(tag), undefined, args, node);
    const { value, self } = this.#member(tag);
    return this.machine.call(value, self, args, node);
  }

  #yield(node: YieldExpression): Value {
    const { atoms, flow } = this.machine;
    const { callee } = this.frame;
    const value = node.argument ? this.evaluate(node.argument) : atoms.undefined;
    if (!node.delegate) {
      flow.add(callee.yielded, this.machine.awaited(value, node));
      return union(flow.read(callee.sent), atoms.undefined);
    }
    const elements = this.machine.elements(value, node);
    flow.add(callee.yielded, elements);
    this.#passOn(value, flow.read(callee.sent), node);
    return union(elements, atoms.undefined);
  }

  /** What is sent to a generator that delegates goes on to its delegate. */
  #passOn(delegate: Value, sent: Value, at: Node): void {
    for (const atom of delegate) {
      if (atom.kind !== 'object') continue;
      if (atom.generator !== undefined) this.machine.flow.add(atom.generator.sent, sent);
      else if (this.#isIterable(atom, at)) this.machine.escape(sent, at, 'an iterator');
    }
  }

  #isIterable(atom: ObjectAtom, at: Node): boolean {
    const self = new Set<Atom>([atom]);
    return onlyFunctions(this.machine.load(self, this.machine.atoms.symbol('@@iterator'), at)).size > 0;
  }
}

function symbolName(atom: Atom): string {
  return atom.kind === 'symbol' ? atom.name : '*';
}

function isNamed({ computed, key }: Property, name: string): boolean {
  if (computed) return true;
  return key.type === 'Identifier' ? key.name === name : key.type === 'Literal' && String(key.value) === name;
}
