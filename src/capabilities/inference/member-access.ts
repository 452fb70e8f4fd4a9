import type { Node } from 'acorn';

import { Args } from './arguments.js';
import { ANY_MEMBER, type Atom, Cell, type FunctionAtom, type ObjectAtom, union, type Value } from './atoms.js';
import type { Interpreter } from './interpreter.js';
import { memberKeyOf } from './names.js';
import { nativesOf } from './native-names.js';

type Owner = ObjectAtom | FunctionAtom;

/** What the language itself calls, under these names, with arguments of its own. */
const PROTOCOL = new Set(['then', 'toJSON', 'next', 'return', 'throw']);
const LENGTHS = new Set(['length', 'size', 'name']);

/** Members of objects and functions that the handler makes. */
export class MemberAccess {
  readonly #machine: Interpreter;
  /** Guards against prototypes that go round in a circle. */
  readonly #loading = new Set<Owner>();

  constructor(machine: Interpreter) {
    this.#machine = machine;
  }

  load(owner: Owner, key: Value, at: Node): Value {
    const { names, isIndex, isAny } = memberKeyOf(key);
    return union(
      ...names.map((name) => this.#loadNamed(owner, name, at)),
      ...(isIndex ? [this.#loadIndexed(owner)] : []),
      ...(isAny ? [this.#loadAny(owner, key, at)] : []),
    );
  }

  store(owner: Owner, key: Value, value: Value, at: Node): void {
    const { names, isIndex, isAny } = memberKeyOf(key);
    const isLost = key.size === 0 && this.#machine.flow.isSettled;
    const fields = isIndex || isAny || isLost ? [...names, ANY_MEMBER] : names;
    for (const name of fields) {
      this.define(owner, name, value);
      this.#callSetters(owner, name, value, at);
    }
    if (owner.isEscaped) this.#machine.escape(value, at, 'an object that escaped');
  }

  /** A member as a literal defines it: no setter is called. */
  define(owner: Owner, name: string, value: Value): void {
    const { flow, atoms } = this.#machine;
    if (name === '__proto__') flow.add(owner.prototypes, value);
    if (name === 'length') flow.add(this.field(owner, ANY_MEMBER), atoms.undefined);
    flow.add(this.field(owner, name), value);
    for (const atom of value) if (atom.kind === 'function') this.#becomeMethod(atom, owner, name);
  }

  defineAccessor(owner: Owner, kind: 'get' | 'set', name: string, accessor: Value): void {
    const { flow, atoms } = this.#machine;
    const accessors = kind === 'get' ? owner.getters : owner.setters;
    if (!accessors.has(name)) flow.touch(owner.shapeChanges);
    flow.add(cellOf(accessors, name), accessor);
    for (const atom of accessor) {
      if (atom.kind !== 'function') continue;
      this.#becomeMethod(atom, owner, name);
      // Who writes when the setter is not known yet finds its value here.
      if (kind === 'set') for (const parameter of atom.parameters) flow.add(parameter, atoms.unknown);
    }
  }

  remove(owner: Owner, key: Value): void {
    const { names, isIndex, isAny } = memberKeyOf(key);
    const removed = isAny || isIndex ? [...owner.definite] : names;
    for (const name of removed) {
      if (owner.definite.delete(name)) this.#machine.flow.touch(this.field(owner, name));
    }
    this.#machine.flow.add(this.field(owner, ANY_MEMBER), this.#machine.atoms.undefined);
  }

  field(owner: Owner, name: string): Cell {
    if (!owner.fields.has(name)) this.#machine.flow.touch(owner.shapeChanges);
    return cellOf(owner.fields, name);
  }

  /** All that is in the members, those behind getters included. */
  values(owner: Owner, at: Node): Value {
    const { flow } = this.#machine;
    flow.read(owner.shapeChanges);
    return union(
      ...[...owner.fields.values()].map((cell) => flow.read(cell)),
      ...[...owner.getters.values()].map((cell) => this.#callGetter(owner, cell, at)),
    );
  }

  /** Names of fields; {@link ANY_MEMBER} among them when there are more. */
  names(owner: Owner): string[] {
    const { flow } = this.#machine;
    flow.read(owner.shapeChanges);
    const filled = [...owner.fields].filter(([, cell]) => flow.read(cell).size > 0).map(([name]) => name);
    return [...new Set([...filled, ...owner.getters.keys()])];
  }

  #loadNamed(owner: Owner, name: string, at: Node): Value {
    const { atoms, flow } = this.#machine;
    const { getters } = owner;
    flow.read(owner.shapeChanges);
    const own = union(
      flow.read(this.field(owner, name)),
      isSymbolName(name) ? union() : flow.read(this.field(owner, ANY_MEMBER)),
      ...[getters.get(name), getters.get(ANY_MEMBER)].map((cell) =>
        cell ? this.#callGetter(owner, cell, at) : union(),
      ),
    );
    if (owner.definite.has(name)) return own;
    const isLength = LENGTHS.has(name) && (owner.kind === 'function' || owner.shape !== 'plain');
    const key = isSymbolName(name) ? atoms.symbol(name) : atoms.constant(name);
    return union(own, isLength ? atoms.primitive : union(), this.#inherited(owner, key, at), atoms.undefined);
  }

  #loadIndexed(owner: Owner): Value {
    const { atoms, flow } = this.#machine;
    flow.read(owner.shapeChanges);
    const indexed = [...owner.fields].filter(([name]) => name === ANY_MEMBER || /^\d+$/.test(name));
    return union(...indexed.map(([, cell]) => flow.read(cell)), atoms.undefined);
  }

  #loadAny(owner: Owner, key: Value, at: Node): Value {
    return union(this.values(owner, at), this.#inherited(owner, key, at), this.#machine.atoms.undefined);
  }

  #inherited(owner: Owner, key: Value, at: Node): Value {
    const { atoms, flow } = this.#machine;
    const natives = nativesOf(atoms, key, owner.kind === 'function' ? 'function' : owner.shape);
    const intrinsics = [...key].filter(isIntrinsic).map(({ value }) => atoms.builtin(String(value)));
    const prototypes = flow.read(owner.prototypes);
    if (prototypes.size === 0 || this.#loading.has(owner)) return union(natives, ...intrinsics);
    this.#loading.add(owner);
    const inherited = this.#machine.load(prototypes, key, at);
    this.#loading.delete(owner);
    // A getter of the prototype is called on us.
    for (const atom of prototypes) {
      if (atom.kind !== 'object') continue;
      for (const cell of atom.getters.values()) this.#callGetter(owner, cell, at);
    }
    return union(natives, ...intrinsics, inherited);
  }

  #callGetter(owner: Owner, getter: Cell, at: Node): Value {
    const { atoms, flow } = this.#machine;
    return this.#machine.call(flow.read(getter), new Set([owner]), new Args([], atoms.undefined), at);
  }

  #callSetters(owner: Owner, name: string, value: Value, at: Node): void {
    const { atoms, flow } = this.#machine;
    const args = new Args([value], atoms.undefined);
    flow.read(owner.shapeChanges);
    for (const holder of [owner, ...this.#prototypesOf(owner)]) {
      flow.read(holder.shapeChanges);
      for (const [setter, cell] of holder.setters) {
        if (setter !== name && setter !== ANY_MEMBER && name !== ANY_MEMBER) continue;
        this.#machine.call(flow.read(cell), new Set([owner]), args, at);
      }
    }
    // A proxy in the chain would see the write.
    for (const atom of flow.read(owner.prototypes)) {
      if (atom.kind === 'state' || atom.kind === 'unknown') this.#machine.escape(value, at, 'an inherited setter');
      if (atom.kind === 'state') this.#machine.escape(new Set([atom]), at, 'the prototype of an object');
    }
  }

  #prototypesOf(owner: Owner): Owner[] {
    const found = new Set<Owner>();
    const visit = (value: Value) => {
      for (const atom of value) {
        if ((atom.kind !== 'object' && atom.kind !== 'function') || found.has(atom)) continue;
        found.add(atom);
        visit(this.#machine.flow.read(atom.prototypes));
      }
    };
    visit(this.#machine.flow.read(owner.prototypes));
    return [...found];
  }

  #becomeMethod(method: FunctionAtom, owner: Owner, name: string): void {
    const { atoms, flow } = this.#machine;
    const hasOwnThis = method.node.type !== 'ArrowFunctionExpression' && method.classParts === undefined;
    if (hasOwnThis) flow.add(method.self, new Set([owner]));
    if (!isSymbolName(name) && !PROTOCOL.has(name)) return;
    for (const parameter of method.parameters) flow.add(parameter, atoms.unknown);
  }
}

export function isSymbolName(name: string): boolean {
  return name.startsWith('@@');
}

function cellOf(cells: Map<string, Cell>, name: string): Cell {
  const known = cells.get(name);
  if (known !== undefined) return known;
  const cell = new Cell();
  cells.set(name, cell);
  return cell;
}

function isIntrinsic(atom: Atom): atom is Atom & { kind: 'constant' } {
  return atom.kind === 'constant' && (atom.value === 'constructor' || atom.value === '__proto__');
}
