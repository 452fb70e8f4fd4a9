import { decode, encode } from 'punycode/punycode.es6.js';

/**
 * Converts domain names to ASCII by UTS #46, without its tables: they would be most of the image, and the
 * engine's own tables (case, NFKC, categories, scripts) give the same results for names that are registered
 * in practice. Replaces the package `tr46` in `whatwg-url`, with the options that the URL standard fixes:
 * nontransitional, joiners and direction checked, hyphens and lengths not checked.
 *
 * @returns null if it is not a valid domain name
 */
export function toASCII(domain: string): string | null {
  if (isAscii(domain) && !/xn--/i.test(domain)) return domain.toLowerCase();
  const labels = map(domain).split('.').map(toUnicode);
  const isBidi = labels.some((label) => label !== undefined && expression('rightToLeft').test(label));
  const ascii: string[] = [];
  for (const label of labels) {
    if (label === undefined || !isValid(label, isBidi)) return null;
    ascii.push(isAscii(label) ? label : `xn--${encode(label)}`);
  }
  return ascii.join('.');
}

const RIGHT_TO_LEFT =
  '\\p{Script=Hebrew}\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Thaana}\\p{Script=Nko}\\p{Script=Adlam}';
const JOINING = '\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Nko}\\p{Script=Mongolian}';
const NO_JOINER = '(?!\\u200c|\\u200d)';

/**
 * Compiled for the first such name: an expression contains the ranges of its categories, and would be in
 * every image.
 */
const SOURCES = {
  rightToLeft: `[${RIGHT_TO_LEFT}]`,
  leftToRightLetter: `(?![${RIGHT_TO_LEFT}])\\p{L}`,
  beginsWithLetter: '^\\p{L}',
  beginsWithMark: '^\\p{M}',
  /** Except the two joiners, which shape the letters around them. */
  ignored: `${NO_JOINER}\\p{Default_Ignorable_Code_Point}`,
  /**
   * Unassigned, private, surrogates, controls, format characters, separators, and characters that describe
   * others.
   */
  disallowed: `${NO_JOINER}[\\p{C}\\p{Z}\\ufffc\\ufffd\\u2ff0-\\u2fff\\u31ef]`,
  /** In scripts that have one, a joiner may follow it. */
  virama:
    '[\\u094d\\u09cd\\u0a4d\\u0acd\\u0b4d\\u0bcd\\u0c4d\\u0ccd\\u0d3b\\u0d3c\\u0d4d\\u0dca\\u0e3a\\u0eba\\u0f84\\u1039\\u103a\\u1714\\u1715\\u1734\\u17d2\\u1a60\\u1b44\\u1baa\\u1bab\\u1bf2\\u1bf3\\u2d7f\\ua806\\ua82c\\ua8c4\\ua953\\ua9c0\\uaaf6\\uabed]',
  letterBeforeJoiner: `[${JOINING}]\\p{M}*$`,
  letterAfterJoiner: `^\\p{M}*[${JOINING}]`,
} as const;
/** The only script that folds to its capitals. */
const CHEROKEE = /[\u13f8-\u13fd\uab70-\uabbf\u13a0-\u13f5]/;
const compiled = new Map<keyof typeof SOURCES, RegExp>();

function expression(name: keyof typeof SOURCES): RegExp {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const made = new RegExp(SOURCES[name], name === 'ignored' ? 'gu' : 'u');
  compiled.set(name, made);
  return made;
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

/**
 * Letter by letter: `toLowerCase` of the whole name would create a final sigma, which is a different letter
 * here.
 */
function map(domain: string): string {
  let mapped = '';
  for (const letter of domain.replace(expression('ignored'), '')) {
    const plain = letter.normalize('NFKC');
    mapped += CHEROKEE.test(plain) ? plain.toUpperCase() : plain.toLowerCase();
  }
  return mapped.normalize('NFKC').replace(/\u3002/g, '.');
}

/** The decoded label, or undefined if it is not valid Punycode. */
function toUnicode(label: string): string | undefined {
  if (!label.startsWith('xn--')) return label;
  try {
    const unicode = decode(label.slice('xn--'.length));
    return isAscii(unicode) || map(unicode) !== unicode || unicode.startsWith('xn--') ? undefined : unicode;
  } catch {
    return undefined;
  }
}

function isValid(label: string, isBidi: boolean): boolean {
  if (label === '') return true;
  if (expression('beginsWithMark').test(label)) return false;
  const isForbidden = label.startsWith('xn--') || expression('disallowed').test(label.replace(/[\0-\x7f]/g, ''));
  if (!isAscii(label) && isForbidden) return false;
  return joinersMayStand(label) && (!isBidi || hasOneDirection(label));
}

/** RFC 5892, appendix A. */
function joinersMayStand(label: string): boolean {
  for (let at = label.search(/[\u200c\u200d]/); at >= 0 && at < label.length; at++) {
    const unit = label[at];
    if (unit !== '\u200c' && unit !== '\u200d') continue;
    if (at > 0 && expression('virama').test(label[at - 1] as string)) continue;
    const joins =
      unit === '\u200c' &&
      expression('letterBeforeJoiner').test(label.slice(0, at)) &&
      expression('letterAfterJoiner').test(label.slice(at + 1));
    if (!joins) return false;
  }
  return true;
}

/** RFC 5893, section 2, as far as it can be decided by scripts. */
function hasOneDirection(label: string): boolean {
  const beginsWithLetter = expression('beginsWithLetter').test(label);
  if (!expression('rightToLeft').test(label)) return beginsWithLetter;
  return beginsWithLetter && !expression('leftToRightLetter').test(label);
}
