/** The namespace of compiled handlers; applications have others for data of their own. */
export const HANDLER_NAMESPACE = 'handler';

/** What a cache keeps under a key: a compiled handler, or data of an application. */
export interface CacheEntry {
  /** Hex SHA-256 of all that the content depends on. */
  readonly key: string;
  readonly namespace: string;
  /** Empty when it is no handler. */
  readonly filename: string;
  /** The author's text, for snippets in errors. Empty when it is no handler, and when it is long and comes from a file. */
  readonly source: string;
  /** Bytecode, or whatever the application stored. Shared, so that workers see it without a copy. */
  readonly content: Uint8Array<SharedArrayBuffer>;
}

/** Bytes that an entry keeps alive: its content, and a source of two bytes a character at worst. */
export function entryBytes({ content, source }: CacheEntry): number {
  return content.length + source.length * 2;
}
