/**
 * Whether a value consists of more values than `most`. A value is counted once for each path to it, as a schema
 * checks it: a few objects that occur in each other again and again have very many paths.
 */
export function hasMoreValues(value: unknown, most: number): boolean {
  let count = 1;
  const open: Iterator<unknown>[] = [partsOf(value)];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const { done, value: part } = at.next();
    if (done) {
      open.pop();
      continue;
    }
    if (++count > most) return true;
    if (typeof part === 'object' && part !== null) open.push(partsOf(part));
  }
  return false;
}

function* partsOf(value: unknown): Generator<unknown, void> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Map) {
    for (const [key, one] of value) {
      yield key;
      yield one;
    }
  } else if (Array.isArray(value) || value instanceof Set) yield* value;
  // Of host objects and errors, own fields count, too.
  for (const key of Array.isArray(value) ? [] : Object.keys(value))
    yield (value as Readonly<Record<string, unknown>>)[key];
}
