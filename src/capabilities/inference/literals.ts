import type { Expression, Node, ObjectExpression, Property, SpreadElement } from 'acorn';
import type { Evaluation } from './evaluation.js';
import { keyOf } from './patterns.js';
import type { Atom, ObjectAtom, Value } from './values/atoms.js';

/** Evaluates an array literal. Its elements are distinguished up to the first spread. */
export function evaluateArray(
  elements: readonly (Expression | SpreadElement | null)[],
  at: Node,
  evaluation: Evaluation,
): Value {
  const { atoms } = evaluation.machine;
  const list = atoms.object(at, 'array', 'array');
  const self = new Set<Atom>([list]);
  let isIndexKnown = true;
  elements.forEach((element, index) => {
    const isSpread = element?.type === 'SpreadElement';
    if (isSpread) isIndexKnown = false;
    const value =
      element === null ? atoms.undefined : isSpread ? evaluation.args([element]).all() : evaluation.evaluate(element);
    if (isIndexKnown) define(list, String(index), value, evaluation);
    else evaluation.machine.store(self, atoms.number, value, at);
  });
  return self;
}

/** Whether the member exists from the start is decided when it is first created. */
function define(object: ObjectAtom, name: string, value: Value, evaluation: Evaluation): void {
  if (!object.fields.has(name)) object.definite.add(name);
  evaluation.shared.members.define(object, name, value);
}

/** Evaluates an object literal; the members that it names exist from the start. */
export function evaluateObject(node: ObjectExpression, evaluation: Evaluation): Value {
  const { atoms } = evaluation.machine;
  const object = atoms.object(node, 'object');
  const self = new Set<Atom>([object]);
  const named = countNames(node);
  for (const property of node.properties) {
    if (property.type === 'SpreadElement')
      evaluation.machine.copyMembers(evaluation.evaluate(property.argument), self, property);
    else addProperty(property, object, named, evaluation);
  }
  return self;
}

function addProperty(property: Property, object: ObjectAtom, named: NameCounts, evaluation: Evaluation): void {
  const { atoms, flow } = evaluation.machine;
  const key = keyOf(property, property.key, evaluation);
  const value = valueOfProperty(property, object, evaluation);
  const [only] = key;
  const isName = key.size === 1 && only?.kind === 'constant';
  const name = isName ? String(only.value) : undefined;
  if (property.kind !== 'init') {
    const names = [...key].map((atom) => (atom.kind === 'constant' ? String(atom.value) : symbolName(atom)));
    for (const each of names) evaluation.shared.members.defineAccessor(object, property.kind, each, value);
  } else if (name === '__proto__' && !property.computed && !property.shorthand && !property.method) {
    flow.add(object.prototypes, value);
  } else if (name !== undefined) {
    const others = named.computed + (named.byName.get(name) ?? 0) - 1;
    if (others <= 0) define(object, name, value, evaluation);
    else evaluation.shared.members.define(object, name, value);
  } else evaluation.machine.store(new Set<Atom>([object]), key.size === 0 ? atoms.primitive : key, value, property);
}

function valueOfProperty({ value, method, kind }: Property, object: ObjectAtom, evaluation: Evaluation): Value {
  if ((method || kind !== 'init') && value.type === 'FunctionExpression') {
    const home = { kind: 'object', parent: object.prototypes } as const;
    return new Set<Atom>([evaluation.shared.program.functionAt(value, evaluation.frame, home)]);
  }
  return evaluation.evaluate(value);
}

function symbolName(atom: Atom): string {
  return atom.kind === 'symbol' ? atom.name : '*';
}

/** How often a literal names each member, and how many names it computes. */
interface NameCounts {
  readonly byName: ReadonlyMap<string, number>;
  readonly computed: number;
}

function countNames({ properties }: ObjectExpression): NameCounts {
  const byName = new Map<string, number>();
  let computed = 0;
  for (const property of properties) {
    if (property.type === 'SpreadElement') continue;
    const name = property.computed ? undefined : nameOf(property);
    if (name === undefined) computed++;
    else byName.set(name, (byName.get(name) ?? 0) + 1);
  }
  return { byName, computed };
}

function nameOf({ key }: Property): string | undefined {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : undefined;
}
