/** What takes no column of its own in a terminal: marks that combine with the character before, joiners, variation selectors. */
const NARROW = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** What takes two: the scripts that are set in squares, their punctuation, and pictures. */
const WIDE = /[\p{Emoji_Presentation}\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303e\uff01-\uff60]/u;

/** Blanks that are as wide as the beginning of a line, so that what follows them stands under the rest of it. Tabs stay tabs. */
export function paddingUnder(line: string, length: number): string {
  let blanks = '';
  for (const character of line.slice(0, length)) {
    if (character === '\t') blanks += '\t';
    else if (WIDE.test(character)) blanks += '  ';
    else if (!NARROW.test(character)) blanks += ' ';
  }
  return blanks;
}

/** The beginning of a line, without half a character at either end. */
export function cutLine(line: string, length: number): string {
  const isInside = (at: number) => at < line.length && (line.charCodeAt(at) & 0xfc00) === 0xdc00;
  const end = isInside(length) ? length - 1 : length;
  return isInside(0) ? ` ${line.slice(1, end)}` : line.slice(0, end);
}
