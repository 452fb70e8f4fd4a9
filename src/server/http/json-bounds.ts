import { Problem } from '../problem.js';

/** Far more than values of the engine may be nested. */
const MAX_DEPTH = 1_000;
/** `JSON.parse` takes some 50 ms of the main thread for so many objects, arrays and properties. */
const MAX_PARTS = 100_000;
/** What is shorter cannot have more. */
const SURELY_MODEST_BYTES = 2 * MAX_PARTS;

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Refuses JSON that would hold the main thread for long, although it is short: deep nesting, and very many objects, arrays and properties.
 * Numbers and texts in arrays cost little, and are not counted.
 *
 * @throws Problem 413
 */
export function requireModestJson(bytes: Uint8Array): void {
  if (bytes.length <= MAX_DEPTH) return;
  const isShort = bytes.length <= SURELY_MODEST_BYTES;
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfText(bytes, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        parts++;
        if (++depth > MAX_DEPTH) throw tooMuch(`is nested more than ${MAX_DEPTH} deep`);
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COLON:
        parts++;
        break;
    }
    if (!isShort && parts > MAX_PARTS) throw tooMuch(`has more than ${MAX_PARTS} objects, arrays and properties`);
  }
}

/** The index of the quote at its end, or the length. */
function endOfText(bytes: Uint8Array, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return bytes.length;
}

function tooMuch(what: string): Problem {
  return new Problem(413, 'BODY_TOO_LARGE', `The body ${what}.`);
}
