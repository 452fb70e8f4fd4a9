import type {
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  NewExpression,
  Node,
  Pattern,
  SpreadElement,
  Super,
  TaggedTemplateExpression,
  YieldExpression,
} from 'acorn';

import { Args } from './arguments.js';
import { evaluateClass } from './classes.js';
import type { Evaluation, Shared } from './evaluation.js';
import type { Interpreter } from './interpreter.js';
import { evaluateArray, evaluateObject } from './literals.js';
import { knownElements } from './natives/native-methods.js';
import { evaluateAssignment, evaluateBinary, evaluateTemplate, evaluateUnary } from './operators.js';
import { assignPattern, keyOf } from './patterns.js';
import type { CallFrame } from './program.js';
import { runStatements } from './statements.js';
import { type Atom, NOTHING, type ObjectAtom, type Primitive, union, type Value } from './values/atoms.js';

/** Evaluates expressions in a frame: their possible values and their effects. */
export class Evaluator implements Evaluation {
  readonly machine: Interpreter;
  readonly shared: Shared;
  readonly frame: CallFrame;

  constructor(shared: Shared, frame: CallFrame) {
    this.machine = shared.program.machine;
    this.shared = shared;
    this.frame = frame;
  }

  evaluate(node: Expression): Value {
    this.machine.flow.step();
    return this.#orUnknown(this.#evaluate(node));
  }

  #evaluate(node: Expression): Value {
    const { atoms, flow } = this.machine;
    switch (node.type) {
      case 'Identifier':
        return this.#identifier(node);
      case 'Literal':
        return node.regex ? this.#regex(node) : atoms.constant(node.value as Primitive);
      case 'TemplateLiteral':
        return evaluateTemplate(node, this);
      case 'ThisExpression':
        return flow.read(this.frame.self);
      case 'ArrayExpression':
        return evaluateArray(node.elements, node, this);
      case 'ObjectExpression':
        return evaluateObject(node, this);
      case 'FunctionExpression':
      case 'ArrowFunctionExpression': {
        const made = new Set<Atom>([this.shared.program.functionAt(node, this.frame)]);
        if (node.type === 'FunctionExpression' && node.id) this.write(node.id, made);
        return made;
      }
      case 'ClassExpression':
        return evaluateClass(node, this);
      case 'UnaryExpression':
        return evaluateUnary(node, this);
      case 'UpdateExpression':
        this.machine.readWhole(this.evaluate(node.argument), node);
        this.assign(node.argument as Pattern, atoms.number);
        return atoms.number;
      case 'BinaryExpression':
        return evaluateBinary(node, this);
      case 'AssignmentExpression':
        return evaluateAssignment(node, this);
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
        // `import()` always rejects, but reads its argument.
        this.machine.readWhole(this.evaluate(node.source), node);
        return atoms.unknown;
    }
  }

  /** The same program, seen from another frame. */
  within(frame: CallFrame): Evaluator {
    return new Evaluator(this.shared, frame);
  }

  run(statements: readonly Node[]): void {
    runStatements(statements, this);
  }

  /** `return`: the caller of an async function gets the resolved value. */
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

  superclassOf({ home }: CallFrame, at: Node): Value {
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
    const { program } = this.shared;
    if (node.name !== 'arguments') return program.read(node);
    return union(program.isDeclared(node) ? program.read(node) : NOTHING, new Set<Atom>([this.frame.arguments]));
  }

  /** A variable that is never assigned got its value in a way that is not modelled. */
  #orUnknown(value: Value): Value {
    return value.size === 0 && this.machine.flow.isSettled ? this.machine.atoms.unknown : value;
  }

  #regex(at: Node): Value {
    return this.machine.data(at, 'regexp');
  }

  /** A member and the object it was read from, which is `this` when it is called. */
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

  /** Each receiver is called only with its own method. */
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
      const method = this.#orUnknown(this.machine.loadMethod(self, key, callee));
      return this.machine.call(method, self, args, node);
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

  /** A value sent to a delegating generator is passed on to its delegate. */
  #passOn(delegate: Value, sent: Value, at: Node): void {
    for (const atom of delegate) {
      if (atom.kind !== 'object') continue;
      if (atom.generator !== undefined) this.machine.flow.add(atom.generator.sent, sent);
      else if (this.#isIterable(atom, at)) this.machine.escape(sent, at, 'an iterator');
    }
  }

  #isIterable(atom: ObjectAtom, at: Node): boolean {
    return this.machine.given(new Set<Atom>([atom]), '@@iterator', at).size > 0;
  }
}
