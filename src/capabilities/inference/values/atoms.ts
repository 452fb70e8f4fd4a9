import type { Class, Node } from 'acorn';

import type { AnyFunction } from '../../../source/scopes/functions.js';

export type Primitive = string | number | bigint | boolean | null | undefined;

/** The possible values of an expression. */
export type Value = ReadonlySet<Atom>;

export type StateMethodName = 'get' | 'set' | 'has' | 'delete' | 'keys';

/** One possible value. Atoms are interned: equal values are the same atom. */
export type Atom =
  | { readonly kind: 'constant'; readonly value: Primitive }
  /** A string with a known prefix. */
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'number' }
  | { readonly kind: 'primitive' }
  /** A well-known symbol, as the name of a member: `@@iterator`. */
  | { readonly kind: 'symbol'; readonly name: string }
  /** Any value from code that is not followed. Values that went there were granted everything. */
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
  /** A global of the language, or an object reachable from it, by its path: `Object.keys`. */
  | { readonly kind: 'builtin'; readonly path: string }
  /** A builtin method of values: `push`. `*` is any of them. */
  | { readonly kind: 'native'; readonly name: string }
  | WithinAtom
  | ObjectAtom
  | FunctionAtom
  | BoundAtom;

/** A value of `$state`, at any depth, under a key that matches `keys`: a name, or a prefix followed by `*`. */
export interface WithinAtom {
  readonly kind: 'within';
  readonly keys: string;
  /** Values that the handler stored in it. */
  readonly contents: Cell;
}

/** `plain` objects inherit from Object.prototype only; of `any` object we do not know what it inherits. */
export type ObjectShape = 'plain' | 'array' | 'any';

/** All objects that one place of the program creates. */
export interface ObjectAtom extends Members {
  readonly kind: 'object';
  readonly shape: ObjectShape;
  /** Of a generator's object: the function whose `yield`s see what `next` is given. */
  readonly generator: FunctionAtom | undefined;
  /** Whether it is unknown data, all members of which are unknown data as well. */
  readonly isData: boolean;
}

export interface Members {
  /** By name; {@link ANY_MEMBER} is for unknown names. */
  readonly fields: Map<string, Cell>;
  readonly getters: Map<string, Cell>;
  readonly setters: Map<string, Cell>;
  /** Fields that exist from the start, so that inherited members are hidden. */
  readonly definite: Set<string>;
  readonly prototypes: Cell;
  /** Changes when a field is added. */
  readonly shapeChanges: Cell;
  watch: Watch;
  watchedAt: Node | undefined;
}

/** A function with all its calls and closures combined. A class is also one. */
export interface FunctionAtom extends Members {
  readonly kind: 'function';
  readonly node: AnyFunction | Class;
  readonly isStrict: boolean;
  /** The possible values of `this`; for an arrow function those of the surrounding function. */
  readonly self: Cell;
  readonly parameters: readonly Cell[];
  /** Arguments beyond the parameters. */
  readonly extra: Cell;
  /** All functions that do not use it share one. */
  readonly arguments: ObjectAtom;
  readonly usesArguments: boolean;
  readonly returned: Cell;
  readonly yielded: Cell;
  readonly sent: Cell;
  readonly home: Home | undefined;
  readonly classParts: ClassParts | undefined;
}

/** The object to which `super` refers. */
export interface Home {
  readonly kind: 'prototype' | 'static' | 'object';
  /** The superclass, or the object itself. */
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

/** What happens to values in a cell or an object: nothing, they are read as a whole, or they escape. */
export const Watch = { none: 0, read: 1, escape: 2 } as const;
export type Watch = (typeof Watch)[keyof typeof Watch];

const NO_ATOMS = new Set<Atom>();

/** Holds values: of a variable, a member, a parameter. Values are only added. */
export class Cell {
  /** Created when there is something to store: most cells stay empty. */
  atoms: Set<Atom> = NO_ATOMS;
  readers: Set<Unit> | undefined;
  constants = 0;
  watch: Watch = Watch.none;
  watchedAt: Node | undefined;
  /** Whether it got more values than are distinguished. */
  isWide = false;

  put(atom: Atom): void {
    if (this.atoms === NO_ATOMS) this.atoms = new Set();
    this.atoms.add(atom);
  }
}

/** Stands for all unknown names, including indices. */
export const ANY_MEMBER = '*';
/** Values stored under an unknown name that may be any string, including one that the language looks up. */
export const ANY_NAMED = '*named';
/** Values stored under a key that may be any symbol. */
export const ANY_SYMBOL = '@@*';

export const NOTHING: Value = new Set();

/** Any value from code that is not followed. */
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
      // perf: most unions add nothing new, so no set is created for them.
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
