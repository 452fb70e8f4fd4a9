/**
 * Tags of the engine's binary object format: what JS_WriteObject writes and JS_ReadObject reads when bytecode
 * is off.
 *
 * A value is a version byte, a table of the property names it uses, and a tree of tagged nodes. Every object
 * gets the next number of the reference table when it starts, so that a later node can refer to it.
 */
export const Tag = {
  null: 1,
  undefined: 2,
  false: 3,
  true: 4,
  int32: 5,
  float64: 6,
  string: 7,
  object: 8,
  array: 9,
  bigInt: 10,
  typedArray: 14,
  arrayBuffer: 15,
  date: 17,
  boxed: 18,
  reference: 19,
} as const;

/**
 * A document is an array that starts with an empty object, the marker. The engine cannot represent Map, Set
 * and Error: each is written as an array that starts with a reference to the marker, see `forms.ts`.
 */
export const MARKER_NUMBER = 1;

export const FORMAT_VERSION = 5;

/** `max_byte_length` of a buffer that cannot be resized. */
export const FIXED_LENGTH = 0xffff_ffff;

/** Deeper nesting is refused on both sides, before it uses up a stack. */
export const MAX_DEPTH = 1_000;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** One step of a path in an error message: `args.user[3]["odd key"]`. */
export function pathStep(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  const name = key.length <= MAX_STEP_CHARACTERS ? key : `${key.slice(0, MAX_STEP_CHARACTERS)}…`;
  return IDENTIFIER.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** Of a key in a path: names may be of any length. */
const MAX_STEP_CHARACTERS = 200;
