import type { Node } from 'acorn';

import type { Access } from '../access.js';
import { Args } from '../arguments.js';
import type { Interpreter } from '../interpreter.js';
import { isSymbolName, type MemberAccess } from '../member-access.js';
import {
  ANY_MEMBER,
  type Atom,
  type FunctionAtom,
  isPrimitive,
  NOTHING,
  type ObjectAtom,
  union,
  type Value,
} from '../values/atoms.js';

/** The number of nested iterators that are followed. */
const MAX_ITERATORS = 2;

/** Operations over all members of a value, or over its iterated elements. */
export class Collections {
  readonly #machine: Interpreter;
  readonly #access: Access;
  readonly #members: MemberAccess;
  /** Guards against iterators that are their own iterators. */
  readonly #iterating = new Set<Atom>();

  constructor(machine: Interpreter, access: Access, membersOfObjects: MemberAccess) {
    this.#machine = machine;
    this.#access = access;
    this.#members = membersOfObjects;
  }

  elements(target: Value, at: Node): Value {
    return union(...[...target].map((atom) => this.#elementsOf(atom, at)));
  }

  #elementsOf(atom: Atom, at: Node): Value {
    const { atoms } = this.#machine;
    if (atom.kind === 'object' || atom.kind === 'function') {
      return union(this.#members.values(atom, at), this.#iterated(atom, at));
    }
    if (atom.kind === 'builtin') return atoms.unknown;
    return isPrimitive(atom) ? atoms.primitive : this.#valuesOf(atom, at);
  }

  memberValues(target: Value, at: Node): Value {
    return union(...[...target].map((atom) => this.#valuesOf(atom, at)));
  }

  #valuesOf(atom: Atom, at: Node): Value {
    const { atoms, demands } = this.#machine;
    switch (atom.kind) {
      case 'state':
        return this.#access.readState(at, 'all of $state is read');
      case 'within':
        return this.#access.inside(atom);
      case 'object':
      case 'function':
        return this.#members.values(atom, at);
      case 'global':
        demands.everything(at, 'all of globalThis is read');
        return atoms.unknown;
      case 'ext':
      case 'extension':
      case 'view':
        this.#machine.escape(new Set([atom]), at, 'an enumeration');
        return atoms.unknown;
      case 'unknown':
        return atoms.unknown;
      default:
        return isPrimitive(atom) ? atoms.primitive : NOTHING;
    }
  }

  memberNames(target: Value, at: Node): Value {
    const { atoms } = this.#machine;
    return union(
      ...[...target].map((atom) => {
        if (atom.kind === 'object' || atom.kind === 'function') return this.#namesOf(atom, at);
        if (!isPrimitive(atom)) this.#valuesOf(atom, at);
        return atoms.primitive;
      }),
    );
  }

  #namesOf(atom: Atom & { kind: 'object' | 'function' }, at: Node): Value {
    const { atoms } = this.#machine;
    const names = this.#members
      .names(atom, at)
      .filter((name) => !isSymbolName(name))
      .map((name) => (name === ANY_MEMBER ? atoms.primitive : atoms.constant(name)));
    return union(...names);
  }

  copyMembers(source: Value, into: Value, at: Node): void {
    const { atoms } = this.#machine;
    for (const atom of source) {
      if (atom.kind !== 'object' && atom.kind !== 'function') {
        const values = this.#valuesOf(atom, at);
        if (values.size > 0) this.#machine.store(into, atoms.primitive, values, at);
        continue;
      }
      for (const name of this.#members.names(atom, at)) {
        const key = isSymbolName(name) ? atoms.symbol(name) : atoms.constant(name);
        const isAny = name === ANY_MEMBER;
        const value = this.#members.load(atom, isAny ? atoms.primitive : key, at);
        this.#machine.store(into, isAny ? atoms.primitive : key, value, at);
      }
    }
  }

  mutate(target: Value, value: Value, at: Node): void {
    const { atoms } = this.#machine;
    for (const atom of target) {
      if (atom.kind === 'object') this.#collapse(atom, at);
      if (isPrimitive(atom) || atom.kind === 'native') continue;
      if (atom.kind === 'state') this.#access.readState(at, 'all of $state is read');
      this.#machine.store(new Set([atom]), atoms.primitive, value, at);
    }
  }

  /** The positions of the elements are no longer known. */
  #collapse(atom: ObjectAtom, at: Node): void {
    const { atoms, flow } = this.#machine;
    const elements = this.#members.names(atom, at).filter((name) => /^\d+$/.test(name));
    if (elements.length === 0) return;
    flow.add(this.#members.field(atom, ANY_MEMBER), this.#members.load(atom, atoms.number, at));
    for (const name of elements) atom.definite.delete(name);
  }

  /** Iterates by the protocol, if the handler defined the iterator. */
  #iterated(atom: ObjectAtom | FunctionAtom, at: Node): Value {
    const { atoms } = this.#machine;
    if (this.#iterating.has(atom)) return NOTHING;
    if (this.#iterating.size >= MAX_ITERATORS) {
      this.#machine.escape(new Set([atom]), at, 'an iterator of an iterator');
      return atoms.unknown;
    }
    this.#iterating.add(atom);
    const iterable = new Set<Atom>([atom]);
    const none = new Args([], atoms.undefined);
    const functions = union(
      ...['@@iterator', '@@asyncIterator'].map((name) => this.#machine.given(iterable, name, at)),
    );
    const made = functions.size > 0 ? this.#machine.call(functions, iterable, none, at) : NOTHING;
    const iterators = this.#machine.awaited(made, at);
    const steps = this.#step(iterators, 'next', at);
    for (const name of ['return', 'throw']) this.#step(iterators, name, at);
    const stepped = this.#machine.load(steps, atoms.constant('value'), at);
    const result = iterators.size > 0 ? union(this.elements(iterators, at), stepped) : NOTHING;
    this.#iterating.delete(atom);
    return result;
  }

  /** One of the iterator's methods is called. */
  #step(iterators: Value, name: string, at: Node): Value {
    const { atoms } = this.#machine;
    const methods = this.#machine.given(iterators, name, at);
    if (methods.size === 0) return NOTHING;
    return this.#machine.awaited(this.#machine.call(methods, iterators, new Args([], atoms.undefined), at), at);
  }
}
