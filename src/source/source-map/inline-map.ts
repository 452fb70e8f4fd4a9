const BEGINNING = /^\/\/[#@] sourceMappingURL=data:application\/json;(?:charset=[\w-]+;)?base64,/;
const MAX_BEGINNING = 200;
const NO_DIGIT = /[^A-Za-z0-9+/=]/;
const NAME = ' sourceMappingURL=data:';
/** `//#` */
const MARK_CHARACTERS = 3;

/** A source that ends with a comment that is its source map. */
export interface InlineMap {
  /** The source before the comment. */
  readonly text: string;
  /** The map, in Base64. */
  readonly base64: string;
}

/**
 * Finds the source map that bundlers and compilers write as the last comment of a source. A comment with any other URL is none: nothing
 * is read from files or from the network.
 */
export function findInlineMap(source: string): InlineMap | undefined {
  const start = source.lastIndexOf(NAME) - MARK_CHARACTERS;
  if (start < 0) return undefined;
  const [beginning] = BEGINNING.exec(source.slice(start, start + MAX_BEGINNING)) ?? [];
  if (beginning === undefined) return undefined;
  const base64 = source.slice(start + beginning.length).trimEnd();
  return NO_DIGIT.test(base64) ? undefined : { text: source.slice(0, start), base64 };
}

/** A source that ends with its map. */
export function withInlineMap(source: string, json: Uint8Array): string {
  return `${source}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(json).toString('base64')}\n`;
}

/** The JSON of an inline map, in UTF-8. */
export function jsonOfInlineMap({ base64 }: InlineMap): Uint8Array {
  return Buffer.from(base64, 'base64');
}
