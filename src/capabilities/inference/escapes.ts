import type { Node } from 'acorn';

import { type Access, describeAtom } from './access.js';
import { ANY_MEMBER, type Atom, type FunctionAtom, type Members, type Value } from './atoms.js';
import type { Interpreter } from './interpreter.js';
import type { MemberAccess } from './member-access.js';

/** Values that leave the part of the program that can be followed. */
export class Escapes {
  readonly #machine: Interpreter;
  readonly #access: Access;
  readonly #members: MemberAccess;

  constructor(machine: Interpreter, access: Access, membersOfObjects: MemberAccess) {
    this.#machine = machine;
    this.#access = access;
    this.#members = membersOfObjects;
  }

  /** Read as a whole and left as it is. */
  readWhole(value: Value, at: Node): void {
    this.#walk(value, (atom) => {
      if (atom.kind === 'state') this.#access.readState(at, 'all of $state is read');
      if (atom.kind === 'global') this.#machine.demands.everything(at, 'all of globalThis is read');
      if (atom.kind === 'object') return [this.#members.values(atom, at)];
      return atom.kind === 'within' ? [this.#access.inside(atom)] : [];
    });
  }

  /** From here on anything may be done with it: all that can be done is demanded. */
  escape(value: Value, at: Node, where: string): void {
    this.#walk(value, (atom) => {
      const reason = `${describeAtom(atom)} escapes into ${where}`;
      this.#demand(atom, at, reason);
      if (atom.kind === 'within') return [this.#access.inside(atom)];
      if (atom.kind === 'object') {
        if (atom.generator) this.#machine.flow.add(atom.generator.sent, this.#machine.atoms.unknown);
        return this.#openMembers(atom, at);
      }
      if (atom.kind === 'function') return this.#openFunction(atom, at);
      if (atom.kind !== 'bound') return [];
      return [atom.target, atom.self, ...atom.first].map((cell) => this.#machine.flow.read(cell));
    });
  }

  #demand(atom: Atom, at: Node, reason: string): void {
    const { demands } = this.#machine;
    switch (atom.kind) {
      case 'state':
        this.#access.readState(at, reason);
        demands.add('state:write', '*', at, reason);
        return;
      case 'within':
        demands.add('state:write', atom.keys, at, reason);
        return;
      case 'stateMethod':
        demands.add(/set|delete/.test(atom.name) ? 'state:write' : 'state:read', '*', at, reason);
        return;
      case 'emit':
        demands.add('events:emit', '*', at, reason);
        return;
      case 'view':
      case 'viewCommand':
        demands.add('view:update', '*', at, reason);
        return;
      case 'ext':
        demands.add('ext', '*', at, reason);
        return;
      case 'extension':
        demands.add('ext', atom.name.endsWith('*') ? atom.name : `${atom.name}.*`, at, reason);
        return;
      case 'extensionMethod':
        demands.add('ext', atom.name, at, reason);
        return;
      case 'global':
        demands.everything(at, reason.replace('a value', 'globalThis'));
        return;
      default:
        return;
    }
  }

  #openMembers(owner: Atom & Members & { kind: 'object' | 'function' }, at: Node): Value[] {
    const { atoms, flow } = this.#machine;
    if (!owner.isEscaped) {
      owner.isEscaped = true;
      flow.touch(owner.shapeChanges);
    }
    flow.add(this.#members.field(owner, ANY_MEMBER), atoms.unknown);
    const accessors = [...owner.getters.values(), ...owner.setters.values()];
    return [this.#members.values(owner, at), ...[...accessors, owner.prototypes].map((cell) => flow.read(cell))];
  }

  /** It may be called, with anything, on anything. */
  #openFunction(atom: FunctionAtom, at: Node): Value[] {
    const { atoms, flow } = this.#machine;
    const { parameters, extra, arguments: passed, sent, self, classParts, node } = atom;
    for (const cell of [...parameters, extra, sent, this.#members.field(passed, ANY_MEMBER)]) {
      flow.add(cell, atoms.unknown);
    }
    if (node.type !== 'ArrowFunctionExpression') {
      flow.add(self, atoms.unknown);
      if (!atom.isStrict) flow.add(self, atoms.global);
    }
    const parts = classParts === undefined ? [] : [flow.read(classParts.constructors), new Set([classParts.prototype])];
    return [...this.#openMembers(atom, at), flow.read(atom.returned), flow.read(atom.yielded), ...parts];
  }

  /** Each atom that can be reached, once. */
  #walk(value: Value, visit: (atom: Atom) => Value[]): void {
    const seen = new Set<Atom>();
    const pending = [...value];
    for (let atom = pending.pop(); atom !== undefined; atom = pending.pop()) {
      if (seen.has(atom)) continue;
      seen.add(atom);
      this.#machine.flow.step();
      for (const inner of visit(atom)) pending.push(...inner);
    }
  }
}
