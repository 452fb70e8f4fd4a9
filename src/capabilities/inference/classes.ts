import type { Class, MethodDefinition, PropertyDefinition, StaticBlock } from 'acorn';
import type { Evaluation } from './evaluation.js';
import { keyOf } from './patterns.js';
import type { CallFrame } from './program.js';
import { type Atom, type ClassParts, type FunctionAtom, type Home, NOTHING, type Value } from './values/atoms.js';

/** Creates a class: its members, and the effects of its fields and static blocks. */
export function evaluateClass(node: Class, outside: Evaluation): Value {
  const { machine, shared } = outside;
  const { atoms, flow } = machine;
  const made = shared.program.classAt(node);
  const { classParts } = made;
  if (classParts === undefined) return NOTHING;
  const { superclass, prototype } = classParts;
  const self = new Set<Atom>([made]);
  if (node.id) outside.write(node.id, self);
  if (node.superClass) {
    const parent = outside.evaluate(node.superClass);
    flow.add(superclass, parent);
    flow.add(made.prototypes, parent);
    flow.add(prototype.prototypes, machine.load(parent, atoms.constant('prototype'), node.superClass));
    warnOfBuiltin(node, parent, outside);
  }
  for (const member of node.body.body) evaluateMember(member, made, classParts, outside);
  return self;
}

/**
 * A builtin's methods create instances with the constructor of a class that extends it. A constructor may
 * return any other object, so everything is demanded.
 */
function warnOfBuiltin({ body, superClass }: Class, parent: Value, { machine }: Evaluation): void {
  const isBuiltin = [...parent].some((atom) => atom.kind === 'builtin' && !atom.path.endsWith('Error'));
  const ownConstructor = body.body.find(
    (member) => member.type === 'MethodDefinition' && member.kind === 'constructor',
  );
  if (!isBuiltin || ownConstructor === undefined || superClass == null) return;
  machine.demands.everything(superClass, 'a builtin is extended by a class with a constructor');
}

function evaluateMember(
  member: MethodDefinition | PropertyDefinition | StaticBlock,
  made: FunctionAtom,
  parts: ClassParts,
  outside: Evaluation,
): void {
  const isStatic = member.type === 'StaticBlock' || member.static;
  const home: Home = { kind: isStatic ? 'static' : 'prototype', parent: parts.superclass };
  const frame: CallFrame = { ...outside.frame, home, self: isStatic ? parts.staticSelf : made.self };
  const inside = outside.within(frame);
  if (member.type === 'StaticBlock') {
    inside.run(member.body);
    return;
  }
  const owner = isStatic ? made : parts.prototype;
  const key = keyOf(member, member.key, outside);
  if (member.type === 'PropertyDefinition') {
    initialise(member, key, inside, frame);
    return;
  }
  const method = outside.shared.program.functionAt(member.value, frame, home);
  const value = new Set<Atom>([method]);
  const { members } = outside.shared;
  if (member.kind === 'constructor') {
    outside.machine.flow.add(parts.constructors, value);
    outside.machine.flow.add(method.self, outside.machine.flow.read(made.self));
    return;
  }
  outside.machine.flow.add(method.self, outside.machine.flow.read(frame.self));
  for (const name of namesOf(key)) {
    // The prototype is not `this` of any instance.
    if (member.kind === 'method') outside.machine.flow.add(members.field(owner, name), value);
    else members.defineAccessor(owner, member.kind, name, value);
  }
}

/** A field: the value is made anew for each instance. */
function initialise({ value }: PropertyDefinition, key: Value, inside: Evaluation, frame: CallFrame): void {
  const { machine, shared } = inside;
  const initial = value ? inside.evaluate(value) : machine.atoms.undefined;
  for (const instance of machine.flow.read(frame.self)) {
    if (instance.kind !== 'object' && instance.kind !== 'function') {
      machine.store(new Set([instance]), key, initial, frame.callee.node);
      continue;
    }
    for (const name of namesOf(key)) {
      if (!instance.fields.has(name)) instance.definite.add(name);
      shared.members.define(instance, name, initial);
    }
  }
}

function namesOf(key: Value): string[] {
  return [...key].map((atom) => {
    if (atom.kind === 'constant') return String(atom.value);
    return atom.kind === 'symbol' ? atom.name : '*';
  });
}
