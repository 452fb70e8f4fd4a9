/** Types of the values that generated programs compute with; `arr` holds numbers, `obj` has `a`, `b` and `c`. */
export type Type = 'num' | 'str' | 'bool' | 'big' | 'arr' | 'obj';

export interface Variable {
  readonly name: string;
  readonly type: Type;
  readonly writable: boolean;
}

/** Something that can be called: `%` in its template stands for an argument that is a number. */
export interface Callable {
  readonly call: string;
  readonly result: Type;
  readonly needsAwait: boolean;
}

/** The names that can be used at a position in the program, and what may be written there. */
export class Scope {
  readonly variables: Variable[];
  readonly callables: Callable[];
  readonly isAsync: boolean;
  readonly isStrict: boolean;

  constructor(variables: Variable[], callables: Callable[], isAsync: boolean, isStrict: boolean) {
    this.variables = variables;
    this.callables = callables;
    this.isAsync = isAsync;
    this.isStrict = isStrict;
  }

  inner(changes: { isAsync?: boolean; isStrict?: boolean } = {}): Scope {
    const { isAsync = this.isAsync, isStrict = this.isStrict } = changes;
    return new Scope([...this.variables], [...this.callables], isAsync, isStrict);
  }

  declare(name: string, type: Type, writable: boolean): void {
    const shadowed = this.variables.findIndex((variable) => variable.name === name);
    if (shadowed !== -1) this.variables.splice(shadowed, 1);
    this.variables.push({ name, type, writable });
  }

  names(type: Type): string[] {
    return this.variables.filter((variable) => variable.type === type).map(({ name }) => name);
  }

  targets(type: Type): string[] {
    return this.variables.filter((variable) => variable.type === type && variable.writable).map(({ name }) => name);
  }

  calls(type: Type): string[] {
    return this.callables
      .filter((callable) => callable.result === type && (this.isAsync || !callable.needsAwait))
      .map(({ call, needsAwait }) => (needsAwait ? `(await ${call})` : call));
  }
}
