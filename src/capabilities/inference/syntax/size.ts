/**
 * The most tokens of an analysed source: some 150 KB of ordinary code. The cost of parsing and following
 * depends on tokens rather than characters, and both happen in the calling thread.
 */
const MAX_TOKENS = 40_000;
/** Longer sources are not even counted. */
const MAX_CHARACTERS = 1024 * 1024;

/** Whether a source has too many tokens. The count is cheap and never much too low. */
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
