import type { Node } from 'acorn';

import type { Access } from './access.js';
import { Args } from './arguments.js';
import { stateMember } from './descriptions.js';
import type { Interpreter } from './interpreter.js';
import type { MemberAccess } from './member-access.js';
import { patternsOf } from './syntax/names.js';
import {
  ANY_MEMBER,
  type Atom,
  type BoundAtom,
  type FunctionAtom,
  isPrimitive,
  NOTHING,
  type StateMethodName,
  union,
  type Value,
} from './values/atoms.js';

/** Calls builtins; their models are in other files. */
export interface Builtins {
  callNative(name: string, self: Value, args: Args, at: Node): Value;
  callBuiltin(path: string, self: Value, args: Args, at: Node): Value;
  constructBuiltin(path: string, args: Args, at: Node): Value;
}

/**
 * The depth of calls that make calls: methods that call back, `call` of `bind` of `apply`, getters of
 * getters.
 */
const MAX_DEPTH = 5;

/** Calls and constructions of any value. */
export class Calls {
  readonly #machine: Interpreter;
  readonly #access: Access;
  readonly #members: MemberAccess;
  readonly #builtins: Builtins;
  #depth = 0;

  constructor(machine: Interpreter, access: Access, membersOfObjects: MemberAccess, builtins: Builtins) {
    this.#machine = machine;
    this.#access = access;
    this.#members = membersOfObjects;
    this.#builtins = builtins;
  }

  call(callee: Value, self: Value | undefined, args: Args, at: Node): Value {
    if (this.#depth >= MAX_DEPTH) {
      this.#machine.escape(union(callee, self ?? NOTHING, args.all()), at, 'a call of a call');
      return this.#machine.atoms.unknown;
    }
    this.#depth++;
    const results = [...callee].map((atom) => this.#callAtom(atom, self, args, at));
    this.#depth--;
    return union(...results);
  }

  #callAtom(atom: Atom, self: Value | undefined, args: Args, at: Node): Value {
    const { atoms, flow } = this.#machine;
    flow.step();
    switch (atom.kind) {
      case 'function':
        return this.#callFunction(atom, self, args);
      case 'bound':
        return this.call(flow.read(atom.target), flow.read(atom.self), this.#boundArgs(atom, args), at);
      case 'native':
        return this.#builtins.callNative(atom.name, self ?? NOTHING, args, at);
      case 'builtin':
        return this.#builtins.callBuiltin(atom.path, self ?? NOTHING, args, at);
      case 'emit':
        return this.#effect('events:emit', '$emit is called', args, at);
      case 'viewCommand':
        return this.#effect('view:update', '$view is called', args, at);
      case 'stateMethod':
        return this.#callStateMethod(atom.name, args, at);
      case 'extensionMethod':
        this.#machine.demands.add('ext', atom.name, at, `$ext.${atom.name} is called`);
        this.#machine.readWhole(args.all(), at);
        return this.data(at, 'answer');
      case 'unknown':
        this.#machine.escape(union(args.all(), self ?? NOTHING), at, 'a call');
        this.#machine.callUnknown(at);
        return atoms.unknown;
      default:
        // Not callable.
        return NOTHING;
    }
  }

  construct(callee: Value, args: Args, at: Node): Value {
    return union(...[...callee].map((atom) => this.#constructAtom(atom, args, at)));
  }

  #constructAtom(atom: Atom, args: Args, at: Node): Value {
    const { atoms, flow } = this.#machine;
    switch (atom.kind) {
      case 'function': {
        const instance = atoms.object(at, `new ${atom.node.start}`);
        const self = new Set<Atom>([instance]);
        flow.add(instance.prototypes, this.#machine.load(new Set([atom]), atoms.constant('prototype'), at));
        return union(self, this.initialise(atom, self, args, at));
      }
      case 'bound':
        return this.construct(flow.read(atom.target), this.#boundArgs(atom, args), at);
      case 'builtin':
        return this.#builtins.constructBuiltin(atom.path, args, at);
      case 'unknown':
        this.#machine.escape(args.all(), at, 'a constructor');
        return atoms.unknown;
      default:
        // `new $emit('x')` also emits.
        return union(this.#callAtom(atom, NOTHING, args, at), this.data(at, 'made'));
    }
  }

  /** Runs the constructor on `self`; returns the value that replaces it. */
  initialise(maker: Atom, self: Value, args: Args, at: Node): Value {
    const { atoms, flow } = this.#machine;
    if (maker.kind === 'function') {
      const { classParts } = maker;
      if (classParts === undefined) return objectsOf(this.#callFunction(maker, self, args));
      flow.add(maker.self, self);
      this.#assignFirst(self, classParts.assignedFirst);
      const own = flow.read(classParts.constructors);
      if (own.size > 0) return objectsOf(this.call(own, self, args, at));
      const returned = this.initialiseAll(flow.read(classParts.superclass), self, args, at);
      flow.add(maker.self, returned);
      return returned;
    }
    if (maker.kind === 'unknown') {
      this.#machine.escape(union(self, args.all()), at, 'a constructor');
      return atoms.unknown;
    }
    if (maker.kind === 'bound') return this.initialiseAll(flow.read(maker.target), self, args, at);
    if (maker.kind !== 'builtin') this.#callAtom(maker, self, args, at);
    // A builtin keeps its arguments, or their elements.
    for (const atom of self) {
      if (atom.kind !== 'object') continue;
      const inner = this.#machine.elements(args.all(), at);
      const kept = union(args.all(), inner, this.#machine.elements(inner, at), atoms.primitive);
      flow.add(this.#members.field(atom, ANY_MEMBER), kept);
      // A builtin's constructor calls methods that the class may have overridden.
      const isWild = ['set', 'add', 'then'].some((name) => this.#members.given(atom, name, at).size > 0);
      if (isWild) this.#machine.escape(union(self, args.all()), at, 'a constructor');
    }
    return NOTHING;
  }

  /** Members that each instance has before any code can read it. */
  #assignFirst(self: Value, names: readonly string[]): void {
    for (const atom of self) {
      if (atom.kind !== 'object') continue;
      for (const name of names) if (!atom.fields.has(name)) atom.definite.add(name);
    }
  }

  initialiseAll(constructors: Value, self: Value, args: Args, at: Node): Value {
    return union(...[...constructors].map((atom) => this.initialise(atom, self, args, at)));
  }

  awaited(value: Value, at: Node): Value {
    const { atoms } = this.#machine;
    const results = [...value].map((atom): Value => {
      const self = new Set([atom]);
      if (atom.kind !== 'object' && atom.kind !== 'function') return self;
      const thens = this.#machine.given(self, 'then', at);
      if (thens.size === 0) return self;
      // The value is passed to functions that are not followed.
      this.call(thens, self, new Args([atoms.unknown, atoms.unknown], atoms.undefined), at);
      return union(self, atoms.unknown);
    });
    return union(...results);
  }

  /** Unknown data that no other code holds. */
  data(at: Node, tag: string): Value {
    const { atoms, flow } = this.#machine;
    const object = atoms.object(at, tag, 'any', { isData: true });
    const value = new Set<Atom>([object]);
    flow.add(this.#members.field(object, ANY_MEMBER), union(value, atoms.primitive));
    return union(value, atoms.primitive);
  }

  #callFunction(callee: FunctionAtom, self: Value | undefined, args: Args): Value {
    const { atoms, flow } = this.#machine;
    const { parameters, extra, node, returned, isStrict } = callee;
    if (callee.classParts !== undefined) return NOTHING;
    parameters.forEach((cell, index) => {
      flow.add(cell, args.at(index));
    });
    flow.add(extra, args.from(parameters.length));
    if (callee.usesArguments) flow.add(this.#members.field(callee.arguments, ANY_MEMBER), args.all());
    if (node.type !== 'ArrowFunctionExpression') {
      if (self !== undefined) flow.add(callee.self, self);
      const isPlain = self === undefined || [...self].some(isNullish);
      if (isPlain) flow.add(callee.self, isStrict ? atoms.undefined : atoms.global);
    }
    return 'generator' in node && node.generator ? this.#generatorOf(callee) : flow.read(returned);
  }

  #generatorOf(callee: FunctionAtom): Value {
    const { atoms, flow } = this.#machine;
    const object = atoms.object(callee.node, 'generator', 'any', { generator: callee });
    flow.add(
      this.#members.field(object, ANY_MEMBER),
      union(flow.read(callee.yielded), flow.read(callee.returned), flow.read(callee.sent)),
    );
    return new Set([object]);
  }

  #boundArgs({ first }: BoundAtom, args: Args): Args {
    return args.after(first.map((cell) => this.#machine.flow.read(cell)));
  }

  #effect(kind: 'events:emit' | 'view:update', verb: string, args: Args, at: Node): Value {
    const { atoms, demands, flow } = this.#machine;
    const name = args.at(0);
    const patterns = name.size === 0 && flow.isSettled ? ['*'] : patternsOf(name);
    for (const pattern of patterns) demands.add(kind, pattern, at, `${verb} with ${describeName(pattern)}`);
    this.#machine.readWhole(args.all(), at);
    return atoms.undefined;
  }

  #callStateMethod(name: StateMethodName, args: Args, at: Node): Value {
    const { atoms, demands, flow } = this.#machine;
    if (name === 'keys') return union(this.#machine.memberNames(atoms.state, at), this.data(at, 'keys'));
    const key = args.at(0);
    const patterns = key.size === 0 && flow.isSettled ? ['*'] : patternsOf(key);
    for (const pattern of patterns) {
      const kind = name === 'get' || name === 'has' ? 'state:read' : 'state:write';
      demands.add(kind, pattern, at, `$state.${name} is called for ${stateMember(pattern)}`);
      // It returns whether the key existed.
      if (name === 'delete' && !this.#machine.unused.has(at)) this.#machine.has(atoms.state, key, at);
      if (name === 'set') flow.add(atoms.withinState(pattern).contents, args.at(1));
    }
    if (name !== 'get') return name === 'set' ? atoms.undefined : atoms.primitive;
    return union(...patterns.map((pattern) => this.#access.inside(atoms.withinState(pattern))));
  }
}

export function describeName(pattern: string): string {
  if (pattern === '*') return 'a computed name';
  return pattern.endsWith('*') ? `a name that begins with "${pattern.slice(0, -1)}"` : `"${pattern}"`;
}

function objectsOf(value: Value): Value {
  return new Set([...value].filter((atom) => !isPrimitive(atom)));
}

function isNullish(atom: Atom): boolean {
  return atom.kind === 'constant' ? atom.value === null || atom.value === undefined : atom.kind === 'unknown';
}
