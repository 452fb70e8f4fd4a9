import type { Node } from 'acorn';

import {
  ANY_MEMBER,
  type Atom,
  type BoundAtom,
  Cell,
  members,
  type ObjectAtom,
  PRIMITIVE,
  type Primitive,
  type Shape,
  type StateMethodName,
  UNKNOWN,
  type Value,
  type WithinAtom,
} from './atoms.js';
import { overlap } from './patterns-of-names.js';

/** Makes every atom once. */
export class Atoms {
  readonly #known = new Map<string, Atom>();
  readonly #byPlace = new Map<Node, Map<string, ObjectAtom | BoundAtom>>();
  readonly within = new Map<string, WithinAtom>();

  /** The one value that is an atom of this kind. */
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

  #interned(atom: Atom, name: string): Value {
    const key = `${atom.kind} ${name}`;
    const known = this.#known.get(key) ?? atom;
    this.#known.set(key, known);
    return new Set([known]);
  }

  constant(value: Primitive): Value {
    return this.#interned({ kind: 'constant', value }, `${typeof value} ${Object.is(value, -0) ? '-0' : value}`);
  }

  prefix(text: string): Value {
    return text === '' ? this.primitive : this.#interned({ kind: 'prefix', text }, text);
  }

  symbol(name: string): Value {
    return this.#interned({ kind: 'symbol', name }, name);
  }

  builtin(path: string): Value {
    return this.#interned({ kind: 'builtin', path }, path);
  }

  native(name: string): Value {
    return this.#interned({ kind: 'native', name }, name);
  }

  stateMethod(name: StateMethodName): Value {
    return this.#interned({ kind: 'stateMethod', name }, name);
  }

  extension(name: string): Value {
    return this.#interned({ kind: 'extension', name }, name);
  }

  extensionMethod(name: string): Value {
    return this.#interned({ kind: 'extensionMethod', name }, name);
  }

  withinState(keys: string): WithinAtom {
    const known = this.within.get(keys);
    if (known !== undefined) return known;
    const atom: WithinAtom = { kind: 'within', keys, contents: new Cell() };
    for (const { keys: others, contents } of this.within.values()) {
      if (contents.watch <= atom.contents.watch || !overlap(others, keys)) continue;
      atom.contents.watch = contents.watch;
      atom.contents.watchedAt = contents.watchedAt;
    }
    this.within.set(keys, atom);
    return atom;
  }

  /** What a place of the program makes; `tag` tells apart the several things that one place may make. */
  object(at: Node, tag: string, shape: Shape = 'plain', options: Partial<ObjectAtom> = {}): ObjectAtom {
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
