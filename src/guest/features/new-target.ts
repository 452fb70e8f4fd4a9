const { getPrototypeOf, setPrototypeOf } = Object;

/**
 * What `new` made, of a class of ours, for a `newTarget` that has no prototype: it gets that of the class, and not that of the class
 * below it.
 */
export function inherit<T extends object>(made: T, newTarget: unknown, own: object, below: object): T {
  if (getPrototypeOf(made) === below && (newTarget as { prototype: unknown }).prototype !== below) {
    setPrototypeOf(made, own);
  }
  return made;
}
