/** A value that was encoded once and is part of an image in workers. */
export interface PreparedValue {
  /** SHA-256 of the document, in hex. */
  readonly hash: string;
  /** A document of the engine's format with this one field, in shared memory: each request names it. */
  readonly document: Uint8Array<SharedArrayBuffer>;
}

/** A name for these values in this order. */
export function nameOfPrepared(values: readonly PreparedValue[]): string {
  return values.map(({ hash }) => hash).join(',');
}
