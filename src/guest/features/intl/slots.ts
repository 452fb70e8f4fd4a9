import { inherit } from '../new-target.js';
import { Opaque, opaqueFallback } from '../opaque.js';
import { type Arbitrary, construct, isObject, show, TypeErrorConstructor } from './intrinsics.js';

/**
 * An object of `Intl` holds what the host's is made of, and nothing of the host: it can be stored, and used elsewhere.
 */
class Slots extends Opaque {
  readonly #kind: string;
  readonly #key: string;
  /** The bound function that a getter gives, or anything else that is found once. */
  #found: unknown;

  constructor(kind: string, key: string) {
    super();
    this.#kind = kind;
    this.#key = key;
  }

  static key(value: unknown, kind: string): string | undefined {
    return isObject(value) && #kind in value && (value as Slots).#kind === kind ? (value as Slots).#key : undefined;
  }

  static found(value: object): unknown {
    return (value as Slots).#found;
  }

  static setFound(value: object, found: unknown): void {
    (value as Slots).#found = found;
  }
}

export const foundOf = Slots.found;
export const setFound = Slots.setFound;
const keyIn = Slots.key;

/** @throws TypeError unless it is an object of that class */
export function slotOf(value: unknown, kind: string, method: string): string {
  const key = keyIn(value, kind);
  if (key !== undefined) return key;
  throw new TypeErrorConstructor(
    'Method Intl.' + kind + '.prototype.' + method + ' called on incompatible receiver ' + show(value),
  );
}

export function make(kind: string, key: string, newTarget: unknown, own: object): Arbitrary {
  const made = construct(Slots, [kind, key], newTarget as () => void) as object;
  return inherit(made, newTarget, own, opaqueFallback) as Arbitrary;
}

/** Of an `Intl.Locale`; undefined for anything else. */
export function localeTag(value: unknown): string | undefined {
  return keyIn(value, 'Locale');
}
