import type { Range } from './declarations.js';
import type { AnyFunction } from './functions.js';

/** What a name stands for in a part of the program. */
export class Variable {
  readonly name: string;
  /** Whether it may be read before it was given a value, as a `var` can. */
  mayBeUnset = false;
  /** A function in a block is a variable of the function around it only in some cases: else this is meant. */
  readonly outer: Variable | 'global' | undefined;
  readonly assigned: Range[] = [];
  readonly isVar: boolean;

  constructor(name: string, isVar = false, outer?: Variable | 'global') {
    this.name = name;
    this.isVar = isVar;
    this.outer = outer;
  }
}

interface NameScopeOptions {
  /** Of a function declaration, which may be called above of where it stands. */
  readonly isHoisted?: boolean;
  /** A function that has `arguments`. */
  readonly owner?: AnyFunction | undefined;
}

/** The names that a part of the program declares, within those of the part around it. */
export class NameScope {
  readonly names = new Map<string, Variable>();
  readonly parent: NameScope | undefined;
  readonly isHoisted: boolean;
  readonly owner: AnyFunction | undefined;

  constructor(
    parent: NameScope | undefined,
    names: readonly string[],
    { isHoisted = false, owner }: NameScopeOptions = {},
  ) {
    this.parent = parent;
    this.isHoisted = isHoisted;
    this.owner = owner;
    for (const name of names) this.names.set(name, new Variable(name));
  }

  lookUp(name: string): Variable | undefined {
    for (let scope: NameScope | undefined = this; scope !== undefined; scope = scope.parent) {
      const variable = scope.names.get(name);
      if (variable !== undefined) return variable;
    }
    return undefined;
  }

  /** Whether a function stands between here and where the name is declared that may be called before the name has a value. */
  isHoistedUse(name: string): boolean {
    for (let scope: NameScope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.names.has(name)) return false;
      if (scope.isHoisted) return true;
    }
    return false;
  }

  /** The function whose `arguments` are meant here. */
  get argumentsOwner(): AnyFunction | undefined {
    for (let scope: NameScope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.owner !== undefined) return scope.owner;
    }
    return undefined;
  }
}
