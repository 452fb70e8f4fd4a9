/** A base image of another version of the library, or of other libraries, on which a handler waits. */
export interface KeptImage {
  /** By which it is kept. */
  readonly id: string;
  readonly abi: number;
  /** See `engine/image/image-codec.ts`; in shared memory: each request names it. */
  readonly packed: Uint8Array<SharedArrayBuffer>;
}
