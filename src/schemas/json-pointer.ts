/** The keys of a JSON pointer, or of a `$ref` like `#/$defs/item`, from the outside in. */
export function keysOfPointer(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => decoded(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What a `$ref` like `#/$defs/item` stands for in a document; undefined if there is none. */
export function resolvePointer(root: unknown, ref: string): unknown {
  let at = root;
  for (const key of keysOfPointer(ref)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
}

/** A part with a percent sign that encodes nothing is taken as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
