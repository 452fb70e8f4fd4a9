import type { Node } from 'acorn';

import { Args } from './arguments.js';
import { callables } from './callables.js';
import type { Interpreter } from './interpreter.js';
import { nativesOf } from './natives/native-names.js';
import { memberKeyOf } from './syntax/names.js';
import {
  ANY_MEMBER,
  ANY_NAMED,
  ANY_SYMBOL,
  type Atom,
  Cell,
  type FunctionAtom,
  NOTHING,
  type ObjectAtom,
  union,
  type Value,
  Watch,
} from './values/atoms.js';

type Owner = ObjectAtom | FunctionAtom;

/** Methods that the language itself calls, with its own arguments. */
const PROTOCOL = new Set(['then', 'toJSON', 'next', 'return', 'throw']);
const LENGTHS = new Set(['length', 'size', 'name']);

/** Members of objects and functions that the handler creates. */
export class MemberAccess {
  readonly #machine: Interpreter;

  constructor(machine: Interpreter) {
    this.#machine = machine;
  }

  load(owner: Owner, key: Value, at: Node): Value {
    const { names, isIndex, isAny } = memberKeyOf(key);
    const isLost = key.size === 0 && this.#machine.flow.isSettled;
    return union(
      ...names.map((name) => this.#loadNamed(owner, name, at)),
      ...(isIndex ? [this.#loadIndexed(owner)] : []),
      ...(isAny || isLost ? [this.#loadAny(owner, key, at)] : []),
    );
  }

  /** Callable members that the handler itself defined; builtin methods are not included. */
  given(owner: Owner, name: string, at: Node): Value {
    const { flow } = this.#machine;
    const { owners, others } = this.#prototypesOf(owner);
    const found = [owner, ...owners].map((holder) => {
      flow.read(holder.shapeChanges);
      const anyName = holder.fields.get(isSymbolName(name) ? ANY_SYMBOL : ANY_NAMED);
      return union(
        flow.read(this.field(holder, name)),
        anyName === undefined ? NOTHING : flow.read(anyName),
        this.#callGetter(owner, holder.getters.get(name), at),
        this.#callGetter(owner, holder.getters.get(ANY_MEMBER), at),
      );
    });
    const isForeign = [...others].some(({ kind }) => kind === 'unknown');
    return callables(union(...found, isForeign ? this.#machine.atoms.unknown : NOTHING));
  }

  /** The functions that are called when a member is read or written. */
  accessors(owner: Owner, name: string | undefined): Value {
    const { flow } = this.#machine;
    flow.read(owner.shapeChanges);
    const cells = [owner.getters, owner.setters].flatMap((accessors) =>
      [...accessors].filter(([each]) => name === undefined || each === name || each === ANY_MEMBER),
    );
    return union(...cells.map(([, cell]) => flow.read(cell)));
  }

  store(owner: Owner, key: Value, value: Value, at: Node): void {
    const { names, isIndex, isAny, isAnySymbol } = memberKeyOf(key);
    const isLost = key.size === 0 && this.#machine.flow.isSettled;
    const fields = isIndex || isAny || isLost ? [...names, ANY_MEMBER] : names;
    const { flow } = this.#machine;
    if (isAny || isLost) flow.add(this.field(owner, ANY_NAMED), value);
    if (isAnySymbol || isLost) flow.add(this.field(owner, ANY_SYMBOL), value);
    for (const name of fields) {
      this.define(owner, name, value);
      this.#callSetters(owner, name, value, at);
    }
  }

  /** Defines a member as a literal does: no setter is called. */
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
    flow.add(this.#watched(owner, cellOf(accessors, name)), accessor);
    if (owner.watchedAt !== undefined) this.#watchGetters(owner, owner.watchedAt);
    for (const atom of accessor) {
      if (atom.kind !== 'function') continue;
      this.#becomeMethod(atom, owner, name);
      // Values written before the setter is known are found here.
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
    return this.#watched(owner, cellOf(owner.fields, name));
  }

  /** Watches all present and later values of its members. */
  watch(owner: Owner, watch: Watch, at: Node): void {
    if (owner.watch >= watch) return;
    owner.watch = watch;
    owner.watchedAt = at;
    const { flow } = this.#machine;
    for (const cell of owner.fields.values()) flow.watch(cell, watch, at);
    this.#watchGetters(owner, at);
    // A toJSON or toString may be inherited.
    flow.watch(owner.prototypes, watch, at);
    if (watch !== Watch.escape) return;
    for (const cell of [...owner.getters.values(), ...owner.setters.values()]) {
      flow.watch(cell, watch, at);
    }
  }

  #watched(owner: Owner, cell: Cell): Cell {
    if (owner.watchedAt !== undefined) this.#machine.flow.watch(cell, owner.watch, owner.watchedAt);
    return cell;
  }

  #watchGetters(owner: Owner, at: Node): void {
    for (const getter of owner.getters.values()) {
      for (const atom of getter.atoms) {
        if (atom.kind === 'function') this.#machine.flow.watch(atom.returned, owner.watch, at);
      }
    }
  }

  /** All values of the members, including those of getters. */
  values(owner: Owner, at: Node, receiver: Owner = owner): Value {
    const { flow } = this.#machine;
    flow.step(owner.fields.size);
    flow.read(owner.shapeChanges);
    return union(
      ...[...owner.fields.values()].map((cell) => flow.read(cell)),
      ...[...owner.getters.values()].map((cell) => this.#callGetter(receiver, cell, at)),
    );
  }

  /** Names of fields, including inherited ones; contains {@link ANY_MEMBER} if there are more. */
  names(owner: Owner, at: Node): string[] {
    const { flow } = this.#machine;
    const { owners, others } = this.#prototypesOf(owner);
    const foreign = new Set([...others].filter(({ kind }) => kind !== 'builtin'));
    this.#machine.memberNames(foreign, at);
    const found = new Set<string>(foreign.size > 0 ? [ANY_MEMBER] : []);
    for (const each of [owner, ...owners]) {
      flow.read(each.shapeChanges);
      flow.step(each.fields.size);
      for (const [name, cell] of each.fields) if (name !== ANY_NAMED && flow.read(cell).size > 0) found.add(name);
      for (const name of each.getters.keys()) found.add(name);
    }
    return [...found];
  }

  #loadNamed(owner: Owner, name: string, at: Node): Value {
    const { atoms, flow } = this.#machine;
    flow.read(owner.shapeChanges);
    const own = this.#ownNamed(owner, owner, name, at);
    if (owner.definite.has(name)) return own;
    const isLength = LENGTHS.has(name) && (owner.kind === 'function' || owner.shape !== 'plain');
    const key = isSymbolName(name) ? atoms.symbol(name) : atoms.constant(name);
    const { owners, others } = this.#prototypesOf(owner);
    return union(
      own,
      isLength ? atoms.primitive : NOTHING,
      ...owners.map((prototype) => this.#ownNamed(prototype, owner, name, at)),
      this.#inherited(owner, key, owners),
      this.#machine.load(others, key, at),
      atoms.undefined,
    );
  }

  /** The member of an owner under a name, for a receiver that may inherit it. */
  #ownNamed(owner: Owner, receiver: Owner, name: string, at: Node): Value {
    const { flow } = this.#machine;
    const isSymbol = isSymbolName(name);
    return union(
      flow.read(this.field(owner, name)),
      flow.read(this.field(owner, isSymbol ? ANY_SYMBOL : ANY_MEMBER)),
      this.#callGetter(receiver, owner.getters.get(name), at),
      this.#callGetter(receiver, owner.getters.get(ANY_MEMBER), at),
    );
  }

  #loadIndexed(owner: Owner): Value {
    const { atoms, flow } = this.#machine;
    flow.read(owner.shapeChanges);
    flow.step(owner.fields.size);
    const indexed = [...owner.fields].filter(([name]) => name === ANY_MEMBER || /^\d+$/.test(name));
    return union(...indexed.map(([, cell]) => flow.read(cell)), atoms.undefined);
  }

  #loadAny(owner: Owner, key: Value, at: Node): Value {
    const { owners, others } = this.#prototypesOf(owner);
    return union(
      this.values(owner, at),
      ...owners.map((prototype) => this.values(prototype, at, owner)),
      this.#inherited(owner, key, owners),
      this.#machine.load(others, key, at),
      this.#machine.atoms.undefined,
    );
  }

  /** The methods of builtin prototypes. */
  #inherited(owner: Owner, key: Value, prototypes: readonly Owner[]): Value {
    const { atoms } = this.#machine;
    const shapes = new Set([owner, ...prototypes].map((each) => (each.kind === 'function' ? 'function' : each.shape)));
    const intrinsics = [...key].filter(isIntrinsic).map(({ value }) => atoms.builtin(String(value)));
    return union(...Array.from(shapes, (shape) => nativesOf(atoms, key, shape)), ...intrinsics);
  }

  #callGetter(owner: Owner, getter: Cell | undefined, at: Node): Value {
    if (getter === undefined) return NOTHING;
    const { atoms, flow } = this.#machine;
    return this.#machine.call(flow.read(getter), new Set([owner]), new Args([], atoms.undefined), at);
  }

  #callSetters(owner: Owner, name: string, value: Value, at: Node): void {
    const { atoms, flow } = this.#machine;
    const args = new Args([value], atoms.undefined);
    flow.read(owner.shapeChanges);
    const { owners, others } = this.#prototypesOf(owner);
    for (const holder of [owner, ...owners]) {
      flow.read(holder.shapeChanges);
      for (const [setter, cell] of holder.setters) {
        if (setter !== name && setter !== ANY_MEMBER && name !== ANY_MEMBER) continue;
        this.#machine.call(flow.read(cell), new Set([owner]), args, at);
      }
    }
    // A proxy in the prototype chain would see the write.
    for (const atom of others) {
      if (atom.kind === 'state' || atom.kind === 'unknown') this.#machine.escape(value, at, 'an inherited setter');
      if (atom.kind === 'state') this.#machine.escape(new Set([atom]), at, 'the prototype of an object');
    }
  }

  /** Everything that an owner may inherit from: objects of the handler, and any other value. */
  #prototypesOf(owner: Owner): { readonly owners: Owner[]; readonly others: Value } {
    const { flow } = this.#machine;
    const owners = new Set<Owner>();
    const others = new Set<Atom>();
    const pending = [...flow.read(owner.prototypes)];
    for (let atom = pending.pop(); atom !== undefined; atom = pending.pop()) {
      flow.step();
      if (atom.kind !== 'object' && atom.kind !== 'function') others.add(atom);
      else if (atom !== owner && !owners.has(atom)) {
        owners.add(atom);
        flow.read(atom.shapeChanges);
        for (const next of flow.read(atom.prototypes)) pending.push(next);
      }
    }
    return { owners: [...owners], others };
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
