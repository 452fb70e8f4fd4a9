/** What a document may have. */
export interface DecodingBounds {
  /** Values in the document. @default {@link MAX_NODES} */
  readonly maxNodes?: number;
  /** How many values more than it has a walk over it may meet, because objects occur in it more than once. @default no bound */
  readonly maxPaths?: number;
  /** Items of the document that are read, the marker included, as `Array.prototype.slice` takes it. @default all */
  readonly end?: number;
  /** In milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** A value of a byte each costs the host more than its size says. */
export const MAX_NODES = 2_000_000;
/** The last item that our encoder writes, the places of forms, is for the guest: it refers to the document itself. */
export const OWN_END = -1;
/** V8 makes a larger table in one step: from these sizes on it takes longer than 50 ms. */
export const MAX_ENTRIES = 2 ** 18;
export const MAX_PROPERTIES = 2 ** 17;
/** They are defined in one step, each as a property that takes as long as so many values. */
export const MAX_ERROR_FIELDS = 10_000;
export const VALUES_PER_FIELD = 8;
/** A smaller Map or Set costs little, whatever its keys. */
export const METERED_ENTRIES = 128;
/**
 * An array that is longer gets its length at once: growing it would copy it again and again. It is filled, too: V8 would make it one of
 * whole numbers, and make another array of it in one step when the first fraction or text comes.
 */
export const GROWN_ITEMS = 1_024;
