import type { Class, Node } from 'acorn';

import type { AnyFunction } from '../syntax/syntax.js';

export type Primitive = string | number | bigint | boolean | null | undefined;

/** What an expression may evaluate to. */
export type Value = ReadonlySet<Atom>;

export type StateMethodName = 'get' | 'set' | 'has' | 'delete' | 'keys';

/** One of the things that a value may be. Atoms are interned: the same thing is the same atom. */
export type Atom =
  | { readonly kind: 'constant'; readonly value: Primitive }
  /** A text that begins so. */
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'number' }
  | { readonly kind: 'primitive' }
  /** A well-known symbol, as the name of a member: `@@iterator`. */
  | { readonly kind: 'symbol'; readonly name: string }
  /** Anything that came from where we cannot see. Whatever went there was given all it may need. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'state' }
  | { readonly kind: 'stateMethod'; readonly name: StateMethodName }
  | { readonly kind: 'emit' }
  | { readonly kind: 'view' }
  | { readonly kind: 'viewCommand' }
  | { readonly kind: 'ext' }
  | { readonly kind: 'extension'; readonly name: string }
  | { readonly kind: 'extensionMethod'; readonly name: string }
  | { readonly kind: 'global' }
  /** A global of the language and what is reached from it, by its path: `Object.keys`. */
  | { readonly kind: 'builtin'; readonly path: string }
  /** A method that values have without being given it: `push`. `*` is any of them. */
  | { readonly kind: 'native'; readonly name: string }
  | WithinAtom
  | ObjectAtom
  | FunctionAtom
  | BoundAtom;

/** A value of `$state`, at any depth, under a key that matches `keys`: a name, or a prefix before a `*`. */
export interface WithinAtom {
  readonly kind: 'within';
  readonly keys: string;
  /** What the handler put there. */
  readonly contents: Cell;
}

/** `plain` objects inherit from Object.prototype only; of `any` object we do not know what it inherits. */
export type ObjectShape = 'plain' | 'array' | 'any';

/** All objects that one place of the program makes. */
export interface ObjectAtom extends Members {
  readonly kind: 'object';
  readonly shape: ObjectShape;
  /** Of a generator's object: the function whose `yield`s see what `next` is given. */
  readonly generator: FunctionAtom | undefined;
  /** Whether data of which nothing is known: every member is such data again. */
  readonly isData: boolean;
}

export interface Members {
  /** By name; {@link ANY_MEMBER} is those whose names are not known. */
  readonly fields: Map<string, Cell>;
  readonly getters: Map<string, Cell>;
  readonly setters: Map<string, Cell>;
  /** Fields that are there from the beginning, so that nothing inherited shows through. */
  readonly definite: Set<string>;
  readonly prototypes: Cell;
  /** Changes when a field is added. */
  readonly shapeChanges: Cell;
  watch: Watch;
  watchedAt: Node | undefined;
}

/** A function with all its calls and closures taken together. A class is one, too. */
export interface FunctionAtom extends Members {
  readonly kind: 'function';
  readonly node: AnyFunction | Class;
  readonly isStrict: boolean;
  /** What `this` may be; that of the function around it for an arrow. */
  readonly self: Cell;
  readonly parameters: readonly Cell[];
  /** Arguments beyond the parameters. */
  readonly extra: Cell;
  /** One that all share in functions that do not use it. */
  readonly arguments: ObjectAtom;
  readonly usesArguments: boolean;
  readonly returned: Cell;
  readonly yielded: Cell;
  readonly sent: Cell;
  readonly home: Home | undefined;
  readonly classParts: ClassParts | undefined;
}

/** Where `super` leads. */
export interface Home {
  readonly kind: 'prototype' | 'static' | 'object';
  /** Superclass, or the object itself. */
  readonly parent: Cell;
}

export interface ClassParts {
  readonly superclass: Cell;
  /** `this` in static members. */
  readonly staticSelf: Cell;
  readonly constructors: Cell;
  /** Members that the constructor assigns before anything else. */
  readonly assignedFirst: readonly string[];
  readonly prototype: ObjectAtom;
}

export interface BoundAtom {
  readonly kind: 'bound';
  readonly target: Cell;
  readonly self: Cell;
  readonly first: Cell[];
}

/** A part of the program that is evaluated again when something it read has changed. */
export interface Unit {
  readonly at: Node;
  evaluate(): void;
}

/** What happens to what is in a cell or an object: nothing, it is read as a whole, it escapes. */
export const Watch = { none: 0, read: 1, escape: 2 } as const;
export type Watch = (typeof Watch)[keyof typeof Watch];

const NO_ATOMS = new Set<Atom>();

/** Something that holds values: a variable, a member, a parameter. It only ever gets more of them. */
export class Cell {
  /** Made when there is something to put in: most cells stay empty. */
  atoms: Set<Atom> = NO_ATOMS;
  readers: Set<Unit> | undefined;
  constants = 0;
  watch: Watch = Watch.none;
  watchedAt: Node | undefined;
  /** Whether it got more than is told apart. */
  isWide = false;

  put(atom: Atom): void {
    if (this.atoms === NO_ATOMS) this.atoms = new Set();
    this.atoms.add(atom);
  }
}

/** Stands for all names that are not known, indices among them. */
export const ANY_MEMBER = '*';
/** What was stored under a name that is not known and may be any text: it may be what the language looks for. */
export const ANY_NAMED = '*named';
/** What was stored under a key that may be any symbol. */
export const ANY_SYMBOL = '@@*';

export const NOTHING: Value = new Set();

/** Anything that came from where we cannot see. */
export const UNKNOWN: Atom = { kind: 'unknown' };

/** A primitive of which nothing else is known. */
export const PRIMITIVE: Atom = { kind: 'primitive' };

export function members(): Members {
  return {
    fields: new Map(),
    getters: new Map(),
    setters: new Map(),
    definite: new Set(),
    prototypes: new Cell(),
    shapeChanges: new Cell(),
    watch: Watch.none,
    watchedAt: undefined,
  };
}

export function union(...values: Value[]): Value {
  let only: Value = NOTHING;
  let all: Set<Atom> | undefined;
  for (const value of values) {
    if (all !== undefined) {
      for (const atom of value) all.add(atom);
    } else if (only.size <= value.size && isWithin(only, value)) {
      // Most unions say nothing new: no set is made for them.
      only = value;
    } else if (!isWithin(value, only)) {
      all = new Set(only);
      for (const atom of value) all.add(atom);
    }
  }
  return all ?? only;
}

function isWithin(part: Value, whole: Value): boolean {
  if (part.size > whole.size) return false;
  if (part !== whole) for (const atom of part) if (!whole.has(atom)) return false;
  return true;
}

const PRIMITIVES: ReadonlySet<Atom['kind']> = new Set(['constant', 'prefix', 'number', 'primitive', 'symbol']);

export function isPrimitive({ kind }: Atom): boolean {
  return PRIMITIVES.has(kind);
}
