/** Ranges of characters that take two columns of a terminal: https://www.unicode.org/reports/tr11/. */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x2e80, 0x3247],
  [0x3250, 0x4dbf],
  [0x4e00, 0xa4c6],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b001],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
const NARROW = /^[\x20-\x7e]*$/;
const WITHOUT_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}|\p{Cc}/u;

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text.normalize('NFC')) {
    const code = character.codePointAt(0) as number;
    if (WIDE.some(([first, last]) => code >= first && code <= last)) width += 2;
    else if (!WITHOUT_WIDTH.test(character)) width++;
  }
  return width;
}
