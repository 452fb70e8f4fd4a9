/** What a field of an error has at most. */
const MAX_VALUES = 1_000;
const MAX_CHARACTERS = 16 * 1024;

/** Whether a value that came out of a VM is of a size that an error may have. It takes no longer than such a value has parts. */
export function isSmall(value: unknown): boolean {
  let values = 0;
  let characters = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (++values > MAX_VALUES) return false;
    characters += sizeOf(next);
    if (characters > MAX_CHARACTERS) return false;
    if (typeof next !== 'object' || next === null || ArrayBuffer.isView(next)) continue;
    const parts = partsOf(next, MAX_VALUES - values);
    if (parts === undefined) return false;
    waiting.push(...parts);
  }
  return true;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'bigint') return value.toString(16).length;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  return value instanceof Error ? (value.stack?.length ?? 0) + value.message.length : 0;
}

function partsOf(value: object, most: number): unknown[] | undefined {
  if (Array.isArray(value)) return value.length > most ? undefined : value;
  if (value instanceof Map) return value.size > most ? undefined : [...value].flat();
  if (value instanceof Set) return value.size > most ? undefined : [...value];
  const names = Object.keys(value);
  return names.length > most ? undefined : names.flatMap((name) => [name, (value as Record<string, unknown>)[name]]);
}
