import type { Node } from 'acorn';

import type { Access } from './access.js';
import { Args } from './arguments.js';
import { callables } from './callables.js';
import { describeAtom } from './descriptions.js';
import type { Interpreter } from './interpreter.js';
import type { MemberAccess } from './member-access.js';
import { demandOfBuiltin } from './natives/own-builtins.js';
import {
  ANY_MEMBER,
  type Atom,
  type FunctionAtom,
  type ObjectAtom,
  type Value,
  Watch,
  type WithinAtom,
} from './values/atoms.js';

/**
 * The methods that the language, or a builtin, calls when it converts an object to a string, a number or
 * JSON.
 */
const CONVERSIONS = ['@@toPrimitive', 'toString', 'valueOf', 'toJSON', 'toLocaleString', 'join', 'toISOString'];

/**
 * Values that are read as a whole, and values that leave the part of the program that can be followed. Their
 * contents are watched from then on: values stored in them later are treated the same way.
 */
export class Escapes {
  readonly #machine: Interpreter;
  readonly #access: Access;
  readonly #members: MemberAccess;
  readonly #converted = new Set<Atom>();
  /**
   * Whether a builtin escaped, and whether an unknown object was changed: together they may mean that a
   * builtin was changed.
   */
  #builtinEscaped = false;
  #changerEscaped = false;
  #isPlanted = false;
  #isCalled = false;

  constructor(machine: Interpreter, access: Access, membersOfObjects: MemberAccess) {
    this.#machine = machine;
    this.#access = access;
    this.#members = membersOfObjects;
  }

  /** The value is read as a whole and not changed. */
  readWhole(value: Value, at: Node): void {
    for (const atom of value) {
      this.#machine.flow.step();
      if (atom.kind === 'state') this.#access.readState(at, 'all of $state is read');
      else if (atom.kind === 'global') this.#machine.demands.everything(at, 'all of globalThis is read');
      else if (atom.kind === 'object' || atom.kind === 'function') {
        if (atom.kind === 'object') this.#members.watch(atom, Watch.read, at);
        this.#convert(atom, at);
      } else if (atom.kind === 'within') this.#watchState(atom, Watch.read, at);
      // It has every method: converting it to a string calls its toString.
      else if (atom.kind === 'extension') this.#demand(atom, at, `${describeAtom(atom)} is made a text`);
    }
  }

  /** Its conversion methods are called, both the present ones and those added later. */
  #convert(atom: ObjectAtom | FunctionAtom, at: Node): void {
    if (this.#converted.has(atom)) return;
    this.#converted.add(atom);
    const { atoms, flow } = this.#machine;
    const self = new Set<Atom>([atom]);
    const args = new Args([atoms.primitive], atoms.undefined);
    flow.schedule({
      at,
      evaluate: () => {
        const methods = CONVERSIONS.map((name) => this.#members.given(atom, name, at));
        for (const method of methods) {
          if (method.size > 0) this.readWhole(this.#machine.call(method, self, args, at), at);
        }
      },
    });
  }

  plant(value: Value, at: Node): void {
    if (callables(value).size === 0) return;
    this.#isPlanted = true;
    this.#considerBuiltins(at);
  }

  callUnknown(at: Node): void {
    this.#isCalled = true;
    this.#considerBuiltins(at);
  }

  #escapeBuiltin(path: string, at: Node): void {
    if (isChanger(path)) this.#changerEscaped = true;
    else if (isChangeable(path)) this.#builtinEscaped = true;
    this.#considerBuiltins(at);
  }

  #considerBuiltins(at: Node): void {
    const isChanged = this.#isPlanted || (this.#isCalled && this.#changerEscaped);
    if (this.#builtinEscaped && isChanged)
      this.#machine.demands.everything(at, 'a builtin that escaped may be changed');
  }

  /** From here on anything may be done with the value, so every possible capability is demanded. */
  escape(value: Value, at: Node, where: string): void {
    for (const atom of value) {
      this.#machine.flow.step();
      this.#demand(atom, at, `${describeAtom(atom)} escapes into ${where}`);
      if (atom.kind === 'within') this.#watchState(atom, Watch.escape, at);
      else if (atom.kind === 'builtin') this.#escapeBuiltin(atom.path, at);
      else if (atom.kind === 'object') this.#openObject(atom, at);
      else if (atom.kind === 'function') this.#openFunction(atom, at);
      else if (atom.kind === 'bound') {
        for (const cell of [atom.target, atom.self, ...atom.first]) this.#machine.flow.watch(cell, Watch.escape, at);
      }
    }
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
      case 'builtin':
        demandOfBuiltin(this.#machine, atom.path, at, reason);
        return;
      case 'global':
        demands.everything(at, reason);
        return;
      default:
        return;
    }
  }

  #openObject(atom: ObjectAtom, at: Node): void {
    const { atoms, flow } = this.#machine;
    if (atom.watch === Watch.escape) return;
    if (atom.generator !== undefined) flow.add(atom.generator.sent, atoms.unknown);
    this.#members.watch(atom, Watch.escape, at);
    flow.add(this.#members.field(atom, ANY_MEMBER), atoms.unknown);
  }

  /** The function may be called with any arguments on any object. */
  #openFunction(atom: FunctionAtom, at: Node): void {
    const { atoms, flow } = this.#machine;
    if (atom.watch === Watch.escape) return;
    this.#members.watch(atom, Watch.escape, at);
    const { parameters, extra, arguments: passed, sent, self, classParts, node, returned, yielded } = atom;
    for (const cell of [...parameters, extra, sent, this.#members.field(passed, ANY_MEMBER)]) {
      flow.add(cell, atoms.unknown);
    }
    if (node.type !== 'ArrowFunctionExpression') {
      flow.add(self, atoms.unknown);
      if (!atom.isStrict) flow.add(self, atoms.global);
    }
    flow.watch(returned, Watch.escape, at);
    flow.watch(yielded, Watch.escape, at);
    if (classParts === undefined) return;
    flow.watch(classParts.constructors, Watch.escape, at);
    flow.watch(classParts.superclass, Watch.escape, at);
    this.#openObject(classParts.prototype, at);
  }

  #watchState({ keys }: WithinAtom, watch: Watch, at: Node): void {
    for (const other of this.#machine.atoms.overlapping(keys)) this.#machine.flow.watch(other.contents, watch, at);
  }
}

/**
 * Whether a builtin holds functions that the models rely on: `Array`, `Reflect`, `Map.prototype`. A function
 * such as `Object.keys` does not.
 */
export function isChangeable(path: string): boolean {
  const name = path.split('.').at(-1) ?? '';
  if (['prototype', '__proto__', 'constructor', '*', 'console', 'crypto', 'performance', 'scheduler'].includes(name))
    return true;
  return /^[A-Z]/.test(name);
}

/**
 * Whether a builtin creates members from its arguments: unknown code that gets both can change a builtin with
 * it.
 */
export function isChanger(path: string): boolean {
  return /(^|\.)(assign|defineProperty|defineProperties|set|setPrototypeOf|\*)$/.test(path);
}
