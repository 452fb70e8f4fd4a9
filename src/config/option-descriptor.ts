/** Which interface has an option: a HandlerCompiler has those of the cache and of the pool. */
export type OptionGroup = 'cache' | 'pool' | 'limits' | 'suspension' | 'runtime';

interface Described {
  readonly group: OptionGroup;
  /** One line for the documentation. */
  readonly doc: string;
  /** For the documentation: the default where it is not one value. */
  readonly byDefault?: string;
}

/** A whole number. */
export interface NumberOption extends Described {
  readonly kind: 'number';
  readonly unit: 'ms' | 'bytes' | 'count';
  /** Absent if it depends on other options. */
  readonly fallback?: number;
  /** @default 0 */
  readonly min?: number;
  /** @default Number.MAX_SAFE_INTEGER */
  readonly max?: number;
  readonly multipleOf?: number;
}

export interface SwitchOption extends Described {
  readonly kind: 'switch';
  readonly fallback: boolean;
}

export interface ChoiceOption extends Described {
  readonly kind: 'choice';
  readonly values: readonly [string, ...string[]];
  readonly fallback: string;
}

/** A name that something outside of this package gives. */
export interface NameOption extends Described {
  readonly kind: 'name';
  readonly fallback: string;
}

export interface PathOption extends Described {
  readonly kind: 'path';
  readonly fallback?: string;
  /** Whether `false` turns off what the path is for. */
  readonly orFalse?: true;
}

export interface SecretOption extends Described {
  readonly kind: 'secrets';
}

/** An object or a function, which the environment cannot give; `onOrOff` if true and false are allowed as well. */
export interface ObjectOption extends Described {
  readonly kind: 'object';
  readonly onOrOff?: true;
  /** Whether its variable counts with the prefix `NEXUS_` only, because the name alone means something else. */
  readonly isPrefixed?: true;
}

export type OptionDescriptor =
  | NumberOption
  | SwitchOption
  | ChoiceOption
  | NameOption
  | PathOption
  | SecretOption
  | ObjectOption;
