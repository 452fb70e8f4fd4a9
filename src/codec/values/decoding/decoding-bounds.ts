/** Limits of a document. */
export interface DecodingBounds {
  /** The number of values in the document. @default {@link MAX_NODES} */
  readonly maxNodes?: number;
  /** How many additional values a walk may visit because objects occur more than once. @default no limit */
  readonly maxPaths?: number;
  /** The end of the items that are read, including the marker, as for `Array.prototype.slice`. @default all */
  readonly end?: number;
  /**
   * Whether it may contain JSON text, which is parsed at once, however long that takes: never what a guest wrote.
   * @default false
   */
  readonly parsesJson?: boolean;
  /** The clock, in milliseconds. @default performance.now */
  readonly now?: () => number;
  /** What to put in the place of a prepared value, by its number. @default there may be none */
  readonly prepared?: (number: number) => unknown;
}

/** A value of one byte costs the host more than its size suggests. */
export const MAX_NODES = 2_000_000;
/**
 * The last item that our encoder writes, the places of forms, is only for the guest: it refers to the
 * document itself.
 */
export const OWN_END = -1;
/** V8 creates a larger table in one step, which takes longer than 50 ms from these sizes on. */
export const MAX_ENTRIES = 2 ** 18;
export const MAX_PROPERTIES = 2 ** 17;
/** They are defined in one step, each as a property that takes as long as this many values. */
export const MAX_ERROR_FIELDS = 10_000;
export const VALUES_PER_FIELD = 8;
/** A smaller Map or Set costs little, whatever its keys. */
export const METERED_ENTRIES = 128;
/**
 * A longer array is created with its full length: growing it would copy it repeatedly. It is also filled,
 * because V8 would otherwise start with an array of whole numbers and convert it in one step at the first
 * fraction or string.
 */
export const GROWN_ITEMS = 1_024;
