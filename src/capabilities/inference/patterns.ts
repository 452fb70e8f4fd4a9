import type {
  ArrayPattern,
  Expression,
  Identifier,
  MemberExpression,
  Node,
  ObjectPattern,
  Pattern,
  PrivateIdentifier,
} from 'acorn';
import type { Interpreter } from './interpreter.js';
import { type Atom, union, type Value } from './values/atoms.js';

/** What patterns need from the code around them. */
export interface PatternContext {
  readonly machine: Interpreter;
  evaluate(node: Expression): Value;
  write(node: Identifier, value: Value): void;
  storeMember(node: MemberExpression, value: Value): void;
}

/** Assigns a value to a pattern: a declaration, a parameter, the left side of an assignment. */
export function assignPattern(pattern: Pattern, value: Value, context: PatternContext): void {
  switch (pattern.type) {
    case 'Identifier':
      context.write(pattern, value);
      return;
    case 'MemberExpression':
      context.storeMember(pattern, value);
      return;
    case 'AssignmentPattern': {
      const given = new Set([...value].filter((atom) => !(atom.kind === 'constant' && atom.value === undefined)));
      assignPattern(pattern.left, union(given, context.evaluate(pattern.right)), context);
      return;
    }
    case 'RestElement':
      assignPattern(pattern.argument, value, context);
      return;
    case 'ArrayPattern':
      assignArray(pattern, value, context);
      return;
    case 'ObjectPattern':
      assignObject(pattern, value, context);
      return;
  }
}

/** The name of a member, as a value. */
export function keyOf(
  node: { readonly computed: boolean },
  key: Expression | PrivateIdentifier,
  context: Pick<PatternContext, 'machine' | 'evaluate'>,
): Value {
  const { atoms } = context.machine;
  if (key.type === 'PrivateIdentifier') return atoms.constant(`#${key.name}`);
  if (node.computed) return context.evaluate(key);
  if (key.type === 'Identifier') return atoms.constant(key.name);
  return key.type === 'Literal' ? atoms.constant(String(key.value)) : context.evaluate(key);
}

function assignArray(pattern: ArrayPattern, value: Value, context: PatternContext): void {
  const { machine } = context;
  const all = machine.elements(value, pattern);
  for (const [index, element] of pattern.elements.entries()) {
    if (element?.type === 'RestElement') {
      const rest = machine.atoms.object(element, 'rest', 'array');
      machine.store(new Set<Atom>([rest]), machine.atoms.number, all, element);
      assignPattern(element.argument, new Set<Atom>([rest]), context);
    } else if (element !== null) {
      assignPattern(element, elementAt(value, index, pattern, machine), context);
    }
  }
}

function elementAt(value: Value, index: number, at: Node, machine: Interpreter): Value {
  const { atoms } = machine;
  return union(
    ...[...value].map((atom) => {
      const self = new Set([atom]);
      const isPlainList = atom.kind === 'object' && atom.shape === 'array';
      if (isPlainList && machine.given(self, '@@iterator', at).size === 0) {
        return machine.load(self, atoms.constant(String(index)), at);
      }
      return union(machine.elements(self, at), atoms.undefined);
    }),
  );
}

function assignObject(pattern: ObjectPattern, value: Value, context: PatternContext): void {
  const { machine } = context;
  for (const property of pattern.properties) {
    if (property.type === 'RestElement') {
      const rest = new Set<Atom>([machine.atoms.object(property, 'rest')]);
      machine.copyMembers(value, rest, property);
      assignPattern(property.argument, rest, context);
    } else {
      const key = keyOf(property, property.key, context);
      assignPattern(property.value, machine.load(value, key, property), context);
    }
  }
}
