import { MalformedValueError } from './decoding/byte-reader.js';

/** To construct one of V8's from so many characters takes up to 30 ms, in one step. */
export const MAX_REGEXP_CHARACTERS = 5_000;
/** Each makes V8 build a set of characters: 0.1 ms. */
const MAX_UNICODE_CLASSES = 100;
/** With the flag v it may be a set of texts, all emoji for example: 10 ms. */
const MAX_UNICODE_CLASSES_V = 4;
const UNICODE_CLASS = /\\p/gi;
const FLAGS = /^[dgimsuvy]{0,8}$/;
/** Of a source, in an error. */
const SHOWN_CHARACTERS = 60;

/** Why the host constructs no RegExp of it, in words that go after its name; undefined when nothing is in the way. */
export function regExpProblem(source: string, flags: string): string | undefined {
  if (source.length > MAX_REGEXP_CHARACTERS) {
    return `is a RegExp of ${source.length} characters, more than ${MAX_REGEXP_CHARACTERS}; pass its source as text`;
  }
  const most = flags.includes('v') ? MAX_UNICODE_CLASSES_V : MAX_UNICODE_CLASSES;
  const classes = countUnicodeClasses(source);
  if (classes <= most) return undefined;
  const kind = flags.includes('v') ? ' and the flag v' : '';
  return `is a RegExp with ${classes} classes \\p{…}${kind}, more than ${most}; pass its source as text`;
}

/**
 * A RegExp of what the guest says. It is constructed, never matched: with what, and for how long, is the application's affair.
 *
 * @throws MalformedValueError when it is none, is larger than what is constructed in one step, or V8 refuses it
 */
export function regExpFrom(items: readonly unknown[]): RegExp {
  const [source, flags] = items;
  if (items.length !== 2 || typeof source !== 'string' || typeof flags !== 'string' || !FLAGS.test(flags)) {
    throw new MalformedValueError('has a RegExp without source or flags');
  }
  const problem = regExpProblem(source, flags);
  if (problem !== undefined) throw new MalformedValueError(problem);
  try {
    return new RegExp(source, flags);
  } catch {
    const shown = source.length > SHOWN_CHARACTERS ? `${source.slice(0, SHOWN_CHARACTERS)}…` : source;
    throw new MalformedValueError(
      `is a RegExp that this version of Node refuses, /${shown}/${flags}; pass its source as text`,
    );
  }
}

/** What constructing it takes beside its characters, in classes. */
export function countUnicodeClasses(source: string): number {
  return source.match(UNICODE_CLASS)?.length ?? 0;
}
