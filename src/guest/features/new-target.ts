const { getPrototypeOf, setPrototypeOf } = Object;

/**
 * The object that `new` created with a class of ours, for a `newTarget` without a prototype: it gets the
 * prototype of that class, not of its base class.
 */
export function inherit<T extends object>(made: T, newTarget: unknown, own: object, below: object): T {
  if (getPrototypeOf(made) === below && (newTarget as { prototype: unknown }).prototype !== below) {
    setPrototypeOf(made, own);
  }
  return made;
}
