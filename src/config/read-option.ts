import type { RuntimeOptions } from '../api/options.js';
import { boolean, integer, invalidOption } from './check.js';
import type { NumberOption } from './option-descriptor.js';
import { type ChoiceName, type NumberName, OPTION_TABLE, type SwitchName } from './option-table.js';

/**
 * A whole number by the table of options.
 *
 * @param fallback the default, if the table has none because it depends on other options
 * @throws NexusError INVALID_CONFIG with its range
 */
export function readNumber(
  name: Exclude<NumberName, 'maxSuspensions' | 'maxSuspendedBytes'>,
  options: RuntimeOptions,
  fallback = defaultOf(name),
): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, multipleOf = 1 }: NumberOption = OPTION_TABLE[name];
  return integer(name, options[name], fallback, { min, max, multipleOf });
}

/** @throws TypeError if the default of the option depends on others */
export function defaultOf(name: NumberName): number {
  const { fallback }: NumberOption = OPTION_TABLE[name];
  if (fallback === undefined) throw new TypeError(`The default of ${name} depends on other options.`);
  return fallback;
}

/** @throws NexusError INVALID_CONFIG */
export function readSwitch(name: SwitchName, options: RuntimeOptions): boolean {
  return boolean(name, options[name], OPTION_TABLE[name].fallback);
}

/** @throws NexusError INVALID_CONFIG with the values that are allowed */
export function readChoice<Name extends ChoiceName>(
  name: Name,
  options: RuntimeOptions,
): NonNullable<RuntimeOptions[Name]> {
  const { values, fallback } = OPTION_TABLE[name];
  const given: unknown = options[name] ?? fallback;
  const found = (values as readonly unknown[]).includes(given);
  if (!found || options[name] === null) {
    throw invalidOption(name, options[name], values.map((value) => `'${value}'`).join(' or '));
  }
  return given as NonNullable<RuntimeOptions[Name]>;
}
