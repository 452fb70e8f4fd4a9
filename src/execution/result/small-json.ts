/** Objects, arrays and values that are looked at. */
const MAX_PARTS = 200;
const MAX_CHARACTERS = 16_384;
/** Of a character that is escaped. */
const MOST_BYTES = 6;
/** Of a number, with the comma behind it. */
const NUMBER_CHARACTERS = 26;

interface Budget {
  parts: number;
  characters: number;
}

/**
 * Whether JSON.stringify writes a value as `toJson` does, and within `maxBytes`: it has few parts, all of them plain.
 *
 * perf: most results are such, and this and JSON.stringify together take a fourth of the time of a writer that can be cut off.
 */
export function isSmallAndPlain(value: unknown, maxBytes: number): boolean {
  return isPlain(value, { parts: MAX_PARTS, characters: Math.min(MAX_CHARACTERS, Math.floor(maxBytes / MOST_BYTES)) });
}

function isPlain(value: unknown, budget: Budget): boolean {
  if (--budget.parts < 0) return false;
  switch (typeof value) {
    case 'string':
      return take(budget, value.length + 3);
    case 'number':
    case 'boolean':
      return take(budget, NUMBER_CHARACTERS);
    case 'object':
      if (value === null) return take(budget, NUMBER_CHARACTERS);
      return Array.isArray(value) ? areItemsPlain(value, budget) : areFieldsPlain(value, budget);
    default:
      return false;
  }
}

function areItemsPlain(items: readonly unknown[], budget: Budget): boolean {
  if (items.length > budget.parts || 'toJSON' in items) return false;
  for (let i = 0; i < items.length; i++) if (!isPlain(items[i], budget)) return false;
  return take(budget, 3);
}

function areFieldsPlain(value: object, budget: Budget): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in value) {
    const field = fields[name];
    // As an own field it is left out, and one of the prototype is not of the value.
    if (!Object.hasOwn(value, name)) return false;
    if (!take(budget, name.length + 4) || (field !== undefined && !isPlain(field, budget))) return false;
  }
  return take(budget, 3);
}

function take(budget: Budget, characters: number): boolean {
  budget.characters -= characters;
  return budget.characters >= 0;
}
