import type { Node } from 'acorn';

import { Access } from './access.js';
import type { Args } from './arguments.js';
import { Calls } from './calls.js';
import { Escapes } from './escapes.js';
import { Flow } from './flow.js';
import type { Interpreter } from './interpreter.js';
import { MemberAccess } from './member-access.js';
import { callBuiltinFunction, constructBuiltinClass, settlePromise } from './natives/builtin-functions.js';
import { Collections } from './natives/collections.js';
import { callNativeMethod } from './natives/native-methods.js';
import { Atoms } from './values/atom-table.js';
import { Cell, NOTHING, union, type Value, Watch } from './values/atoms.js';
import type { Demands } from './values/demands.js';

/** The operations on abstract values. Each part reaches the others through this class. */
export class Machine implements Interpreter {
  readonly atoms = new Atoms();
  readonly flow = new Flow((atoms, watch, at) => {
    if (watch === Watch.escape) this.escape(atoms, at, 'an object that escaped');
    else this.readWhole(atoms, at);
  });
  readonly thrown = new Cell();
  readonly planted = new Cell();
  readonly unused = new Set<Node>();
  readonly members = new MemberAccess(this);
  readonly calls: Calls;
  readonly demands: Demands;
  readonly #access: Access;
  readonly #collections: Collections;
  readonly #escapes: Escapes;

  constructor(
    globals: { read: (name: string) => Value; write: (name: string, value: Value) => void },
    demands: Demands,
  ) {
    this.demands = demands;
    this.#access = new Access(this, this.members, globals);
    this.#collections = new Collections(this, this.#access, this.members);
    this.#escapes = new Escapes(this, this.#access, this.members);
    this.calls = new Calls(this, this.#access, this.members, {
      callNative: (name, self, args, at) => {
        const call = { machine: this, self, args, at };
        return settlePromise(name, call) ?? callNativeMethod(name, call);
      },
      callBuiltin: (path, self, args, at) => callBuiltinFunction(path, { machine: this, self, args, at }),
      constructBuiltin: (path, args, at) => constructBuiltinClass(path, { machine: this, self: new Set(), args, at }),
    });
  }

  load(target: Value, key: Value, at: Node): Value {
    return this.#access.load(target, key, at);
  }

  loadMethod(target: Value, key: Value, at: Node): Value {
    return this.#access.loadMethod(target, key, at);
  }

  given(target: Value, name: string, at: Node): Value {
    return union(
      ...[...target].map((atom): Value => {
        if (atom.kind === 'object' || atom.kind === 'function') return this.members.given(atom, name, at);
        if (atom.kind === 'bound') return this.given(this.flow.read(atom.target), name, at);
        return atom.kind === 'unknown' ? this.atoms.unknown : NOTHING;
      }),
    );
  }

  accessors(target: Value, key: Value | undefined): Value {
    const names = key && [...key].map((atom) => (atom.kind === 'constant' ? String(atom.value) : undefined));
    return union(
      ...[...target].flatMap((atom) => {
        if (atom.kind !== 'object' && atom.kind !== 'function') return [];
        return (names ?? [undefined]).map((name) => this.members.accessors(atom, name));
      }),
    );
  }

  plant(value: Value, at: Node): void {
    this.#escapes.plant(value, at);
  }

  callUnknown(at: Node): void {
    this.#escapes.callUnknown(at);
  }

  store(target: Value, key: Value, value: Value, at: Node): void {
    this.#access.store(target, key, value, at);
  }

  remove(target: Value, key: Value, at: Node): void {
    this.#access.remove(target, key, at);
  }

  has(target: Value, key: Value, at: Node): void {
    this.#access.has(target, key, at);
  }

  elements(target: Value, at: Node): Value {
    return this.#collections.elements(target, at);
  }

  memberValues(target: Value, at: Node): Value {
    return this.#collections.memberValues(target, at);
  }

  memberNames(target: Value, at: Node): Value {
    return this.#collections.memberNames(target, at);
  }

  copyMembers(source: Value, into: Value, at: Node): void {
    this.#collections.copyMembers(source, into, at);
  }

  mutate(target: Value, value: Value, at: Node): void {
    this.#collections.mutate(target, value, at);
  }

  readWhole(value: Value, at: Node): void {
    this.#escapes.readWhole(value, at);
  }

  escape(value: Value, at: Node, where: string): void {
    this.#escapes.escape(value, at, where);
  }

  call(callee: Value, self: Value | undefined, args: Args, at: Node): Value {
    return this.calls.call(callee, self, args, at);
  }

  construct(callee: Value, args: Args, at: Node): Value {
    return this.calls.construct(callee, args, at);
  }

  data(at: Node, tag: string): Value {
    return this.calls.data(at, tag);
  }

  awaited(value: Value, at: Node): Value {
    return this.calls.awaited(value, at);
  }
}
