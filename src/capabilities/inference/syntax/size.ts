/**
 * Tokens of a source that is looked at: some 150 KB of ordinary code. Parsing and following cost what tokens cost, not characters, and
 * both happen where `inferCapabilities` is called.
 */
const MAX_TOKENS = 40_000;
/** Sources are not even counted beyond this. */
const MAX_CHARACTERS = 1024 * 1024;

/** Whether a source has too many tokens, in a count that is never too low by much and costs next to nothing. */
export function isTooLarge(source: string): boolean {
  if (source.length <= MAX_TOKENS) return false;
  if (source.length > MAX_CHARACTERS) return true;
  let tokens = 0;
  let isInWord = false;
  for (let i = 0; i < source.length; i++) {
    const code = source.charCodeAt(i);
    const isWord = isWordCode(code);
    if (isWord ? !isInWord : code > 32) tokens++;
    isInWord = isWord;
  }
  return tokens > MAX_TOKENS;
}

function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code > 127
  );
}
