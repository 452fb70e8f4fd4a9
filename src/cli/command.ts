import type { OptionGroup } from '../config/option-descriptor.js';
import type { Configuration } from './configuration.js';
import type { Terminal } from './terminal.js';

/** An option of a command. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string';
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  readonly short?: string;
  /** What stands for its value in the help: `FILE`. */
  readonly value?: string;
  /** For the help: lower case, without a full stop. */
  readonly doc: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** A command of `nexus`. Each is in a module of its own, which is loaded when it is called. */
export interface Command {
  readonly name: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What follows the name: `FILE [options]`. */
  readonly usage: string;
  /** How many arguments that are no options it takes. */
  readonly arguments: { readonly min: number; readonly max: number };
  readonly options: OptionSpecs;
  /** Groups of options of the runtime that are options of the command as well: `--timeout-ms`. */
  readonly runtimeOptions?: readonly OptionGroup[];
  readonly examples: readonly (readonly [call: string, purpose: string])[];
  /** @returns the exit code */
  run(call: CommandCall): Promise<number>;
}

/** A call of a command. */
export interface CommandCall {
  readonly options: GivenOptions;
  /** Arguments that are no options. */
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  readonly configuration: Configuration;
}

/** A comma between values, and not one inside the braces of a pattern: `*.{js,ts}`. */
const COMMA = /,(?![^{}]*\})/;

/** The options that were given. Their names and kinds are checked. */
export class GivenOptions {
  readonly #values: ReadonlyMap<string, string | boolean | readonly string[]>;

  constructor(values: ReadonlyMap<string, string | boolean | readonly string[]>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /** Those of an option that may be given several times, as they are. */
  texts(name: string): readonly string[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  /** Those of an option that may be given several times; each may hold several, separated by commas. */
  list(name: string): string[] {
    const value = this.#values.get(name);
    if (!Array.isArray(value)) return [];
    return (value as readonly string[]).flatMap((one) => one.split(COMMA).map((part) => part.trim())).filter(Boolean);
  }
}
