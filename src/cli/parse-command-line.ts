import { parseArgs } from 'node:util';

import { nearest } from '../config/nearest.js';
import { OPTION_TABLE, optionNames } from '../config/option-table.js';
import { NexusError } from '../errors/nexus-error.js';
import { type Command, GivenOptions, type OptionSpec, type OptionSpecs } from './command.js';

/** Options of every command. */
export const COMMON_OPTIONS: OptionSpecs = {
  config: {
    type: 'string',
    value: 'FILE',
    doc: 'the configuration; default: nexus.config.{mjs,js,json} if there is one',
  },
  json: { type: 'boolean', doc: 'print one JSON document for programs' },
  debug: { type: 'boolean', doc: 'print the stack of an error' },
  help: { type: 'boolean', short: 'h', doc: 'print help and examples' },
};

/** What a command line says. */
export interface CommandLine {
  readonly options: GivenOptions;
  readonly positionals: readonly string[];
  /** Options of the runtime, as texts by their names. */
  readonly runtime: Readonly<Record<string, string>>;
}

/**
 * Reads the arguments of a command.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option and the nearest one
 */
export function parseCommandLine(command: Command, args: readonly string[]): CommandLine {
  const runtimeFlags = runtimeFlagsOf(command);
  const specs: OptionSpecs = { ...COMMON_OPTIONS, ...command.options };
  const known = { ...Object.fromEntries([...runtimeFlags].map(([flag]) => [flag, RUNTIME_FLAG])), ...specs };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(known).map(([name, spec]) => [name, parsed(spec)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | boolean | readonly string[]>();
  const runtime: Record<string, string> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (spec === undefined) throw unknownOption(command, token.rawName, Object.keys(known));
    const value = checked(command, token.rawName, spec, token.value, token.inlineValue);
    const option = runtimeFlags.get(token.name);
    if (option !== undefined && !(token.name in specs)) runtime[option] = String(value);
    else if (spec.multiple === true)
      values.set(token.name, [...((values.get(token.name) as string[]) ?? []), String(value)]);
    else values.set(token.name, value);
  }
  const options = new GivenOptions(values);
  if (!options.flag('help')) checkPositionals(command, positionals);
  return { options, positionals, runtime };
}

const RUNTIME_FLAG: OptionSpec = { type: 'string', value: 'VALUE', doc: 'an option of the runtime' };

/** Names of options of the runtime, by their flags: every one that a text can say. */
export function runtimeFlagsOf({ runtimeOptions }: Pick<Command, 'runtimeOptions'>): Map<string, string> {
  if (runtimeOptions === undefined) return new Map();
  const names = optionNames(...runtimeOptions).filter((name) => {
    const option: { readonly kind: string; readonly onOrOff?: boolean } = OPTION_TABLE[name];
    // Everyone on the machine can read a command line: secrets are for the environment and the file.
    if (option.kind === 'secrets') return false;
    return option.kind !== 'object' || option.onOrOff === true;
  });
  return new Map(names.map((name) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), name]));
}

function parsed({ type, multiple, short }: OptionSpec) {
  return { type, ...(multiple && { multiple }), ...(short !== undefined && { short }) };
}

function checked(
  command: Command,
  rawName: string,
  { type, value: label = 'VALUE' }: OptionSpec,
  value: string | undefined,
  isInline: boolean | undefined,
): string | boolean {
  if (type === 'boolean') {
    if (value === undefined) return true;
    throw usageError(command, `${rawName} takes no value, and was given ${JSON.stringify(value)}.`);
  }
  // An option behind it is a forgotten value; a value that begins with a dash is written behind an equals sign.
  if (value === undefined || (isInline === false && /^-./.test(value))) {
    const isOption = value === undefined || value.startsWith('--');
    const remedy = isOption ? '' : `; one that begins with a dash is written ${rawName}=${value}`;
    throw usageError(command, `${rawName} needs a value: ${rawName} ${label}${remedy}.`);
  }
  return value;
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const { min, max } = command.arguments;
  if (given.length < min) throw usageError(command, `Something is missing: nexus ${command.name} ${command.usage}.`);
  if (given.length > max) {
    throw usageError(command, `${JSON.stringify(given[max])} is too much: nexus ${command.name} ${command.usage}.`);
  }
}

function unknownOption(command: Command, rawName: string, known: readonly string[]): NexusError {
  const found = nearest(rawName.replace(/^-+/, ''), known);
  return usageError(command, `Unknown option ${rawName}.${found === undefined ? '' : ` Did you mean --${found}?`}`);
}

/** What a command does by the first of its arguments. @throws NexusError naming the nearest one */
export function actionOf<T>(command: Command, actions: Readonly<Record<string, T>>, name: string): T {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action !== undefined) return action;
  const found = nearest(name, Object.keys(actions));
  const hint = found === undefined ? '' : ` Did you mean ${found}?`;
  throw usageError(command, `${command.name} has no ${JSON.stringify(name)}.${hint}`);
}

/** @throws NexusError if an action has other arguments than it takes */
export function requireTaken(
  command: Command,
  action: string,
  given: readonly string[],
  takes: readonly string[],
): void {
  if (given.length === takes.length) return;
  throw usageError(command, `It is: nexus ${[command.name, action, ...takes].join(' ')}.`);
}

export function usageError(command: Pick<Command, 'name'>, message: string): NexusError {
  return new NexusError('INVALID_ARGUMENT', `${message} See nexus ${command.name} --help.`);
}
