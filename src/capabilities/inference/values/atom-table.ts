import type { Node } from 'acorn';
import { overlap } from '../syntax/patterns-of-names.js';
import {
  ANY_MEMBER,
  type Atom,
  type BoundAtom,
  Cell,
  members,
  type ObjectAtom,
  type ObjectShape,
  PRIMITIVE,
  type Primitive,
  type StateMethodName,
  UNKNOWN,
  type Value,
  type WithinAtom,
} from './atoms.js';

/** Creates every atom once. */
export class Atoms {
  readonly #constants = new Map<Primitive, Value>();
  readonly #prefixes = new Map<string, Value>();
  readonly #symbols = new Map<string, Value>();
  readonly #builtins = new Map<string, Value>();
  readonly #natives = new Map<string, Value>();
  readonly #stateMethods = new Map<string, Value>();
  readonly #extensions = new Map<string, Value>();
  readonly #extensionMethods = new Map<string, Value>();
  readonly #byPlace = new Map<Node, Map<string, ObjectAtom | BoundAtom>>();
  readonly #within = new Map<string, WithinAtom>();
  /** Atoms that stand for many keys. */
  readonly #withinPrefixes: WithinAtom[] = [];

  /** The only value of this kind. */
  readonly number = this.#single({ kind: 'number' });
  readonly primitive = this.#single(PRIMITIVE);
  readonly unknown = this.#single(UNKNOWN);
  readonly state = this.#single({ kind: 'state' });
  readonly emit = this.#single({ kind: 'emit' });
  readonly view = this.#single({ kind: 'view' });
  readonly viewCommand = this.#single({ kind: 'viewCommand' });
  readonly ext = this.#single({ kind: 'ext' });
  readonly global = this.#single({ kind: 'global' });
  readonly undefined = this.constant(undefined);

  #single(atom: Atom): Value {
    return new Set([atom]);
  }

  #interned<Name>(known: Map<Name, Value>, name: Name, make: () => Atom): Value {
    let value = known.get(name);
    if (value === undefined) {
      value = new Set([make()]);
      known.set(name, value);
    }
    return value;
  }

  constant(value: Primitive): Value {
    // A Map treats -0 and 0 as equal, and so do names of members.
    return this.#interned(this.#constants, value, () => ({ kind: 'constant', value }));
  }

  prefix(text: string): Value {
    if (text === '') return this.primitive;
    return this.#interned(this.#prefixes, text, () => ({ kind: 'prefix', text }));
  }

  symbol(name: string): Value {
    return this.#interned(this.#symbols, name, () => ({ kind: 'symbol', name }));
  }

  builtin(path: string): Value {
    return this.#interned(this.#builtins, path, () => ({ kind: 'builtin', path }));
  }

  native(name: string): Value {
    return this.#interned(this.#natives, name, () => ({ kind: 'native', name }));
  }

  stateMethod(name: StateMethodName): Value {
    return this.#interned(this.#stateMethods, name, () => ({ kind: 'stateMethod', name }));
  }

  extension(name: string): Value {
    return this.#interned(this.#extensions, name, () => ({ kind: 'extension', name }));
  }

  extensionMethod(name: string): Value {
    return this.#interned(this.#extensionMethods, name, () => ({ kind: 'extensionMethod', name }));
  }

  withinState(keys: string): WithinAtom {
    const known = this.#within.get(keys);
    if (known !== undefined) return known;
    const atom: WithinAtom = { kind: 'within', keys, contents: new Cell() };
    for (const { contents } of this.overlapping(keys)) {
      if (contents.watch <= atom.contents.watch) continue;
      atom.contents.watch = contents.watch;
      atom.contents.watchedAt = contents.watchedAt;
    }
    this.#within.set(keys, atom);
    if (keys.endsWith('*')) this.#withinPrefixes.push(atom);
    return atom;
  }

  /** The values of `$state` whose keys may be among these. A name overlaps only with itself and with prefixes. */
  overlapping(keys: string): WithinAtom[] {
    if (keys.endsWith('*')) return [...this.#within.values()].filter((other) => overlap(other.keys, keys));
    const same = this.#within.get(keys);
    const found = this.#withinPrefixes.filter((other) => overlap(other.keys, keys));
    return same === undefined ? found : [same, ...found];
  }

  /** What a place of the program makes; `tag` tells apart the several things that one place may make. */
  object(at: Node, tag: string, shape: ObjectShape = 'plain', options: Partial<ObjectAtom> = {}): ObjectAtom {
    const known = this.#placed(at, tag);
    if (known?.kind === 'object') return known;
    const atom: ObjectAtom = { kind: 'object', shape, generator: undefined, isData: false, ...members(), ...options };
    atom.fields.set(ANY_MEMBER, new Cell());
    this.#place(at, tag, atom);
    return atom;
  }

  bound(at: Node, tag = 'bound'): BoundAtom {
    const known = this.#placed(at, tag);
    if (known?.kind === 'bound') return known;
    const atom: BoundAtom = { kind: 'bound', target: new Cell(), self: new Cell(), first: [] };
    this.#place(at, tag, atom);
    return atom;
  }

  #placed(at: Node, tag: string): ObjectAtom | BoundAtom | undefined {
    return this.#byPlace.get(at)?.get(tag);
  }

  #place(at: Node, tag: string, atom: ObjectAtom | BoundAtom): void {
    const places = this.#byPlace.get(at) ?? new Map<string, ObjectAtom | BoundAtom>();
    this.#byPlace.set(at, places.set(tag, atom));
  }
}
