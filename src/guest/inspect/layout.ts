import { BREAK_LENGTH } from './texts.js';

const MAX_COLUMNS = 15;
const COMPACT = 3;
/** More parts than these end with one that counts the rest. */
const MAX_ITEMS = 100;

interface Layout {
  readonly base: string;
  readonly braces: readonly [string, string];
  readonly indentation: number;
  readonly breakLength: number;
  /** Whether there is little enough inside for one line. */
  readonly isShort: boolean;
}

export function joinParts(
  parts: readonly string[],
  { base, braces, indentation, breakLength, isShort }: Layout,
): string {
  const start = base === '' ? '' : `${base} `;
  if (isShort) {
    const length = parts.length + indentation + braces[0].length + base.length + 10;
    if (fits(parts, length, base, breakLength)) {
      const line = parts.join(', ');
      if (!line.includes('\n')) return `${start}${braces[0]} ${line} ${braces[1]}`;
    }
  }
  const gap = `\n${' '.repeat(indentation)}`;
  return `${start}${braces[0]}${gap}  ${parts.join(`,${gap}  `)}${gap}${braces[1]}`;
}

function fits(parts: readonly string[], start: number, base: string, breakLength: number): boolean {
  let length = parts.length + start;
  if (length + parts.length > breakLength) return false;
  for (const part of parts) {
    length += part.length;
    if (length > breakLength) return false;
  }
  return base === '' || !base.includes('\n');
}

/** More than six items of an array, in columns; the same list where that is not worth it. */
export function groupItems(parts: string[], indentation: number, list: object): string[] {
  const hasRest = parts.length > MAX_ITEMS;
  const count = hasRest ? parts.length - 1 : parts.length;
  const separator = 2;
  const lengths: number[] = [];
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const length = (parts[i] as string).length;
    lengths.push(length);
    total += length + separator;
    if (length > longest) longest = length;
  }
  const width = longest + separator;
  if (!(width * 3 + indentation < BREAK_LENGTH && (total / width > 5 || longest <= 6))) return parts;
  // As Node does: in about a square, characters being two and a half times as high as wide.
  const biased = Math.max(width - 3 - Math.sqrt(width - total / parts.length), 1);
  const columns = Math.min(
    Math.round(Math.sqrt(2.5 * biased * count) / biased),
    Math.floor((BREAK_LENGTH - indentation) / width),
    COMPACT * 4,
    MAX_COLUMNS,
  );
  if (columns <= 1) return parts;
  const widths: number[] = [];
  for (let i = 0; i < columns; i++) {
    let most = 0;
    for (let at = i; at < count; at += columns) most = Math.max(most, lengths[at] as number);
    widths.push(most + separator);
  }
  const isNumeric = areNumbers(list as ArrayLike<unknown>, parts.length);
  const grouped: string[] = [];
  for (let i = 0; i < count; i += columns) {
    const end = Math.min(i + columns, count);
    let line = '';
    let at = i;
    for (; at < end - 1; at++) {
      const part = `${parts[at]}, `;
      line += isNumeric ? part.padStart(widths[at - i] as number) : part.padEnd(widths[at - i] as number);
    }
    line += isNumeric ? (parts[at] as string).padStart((widths[at - i] as number) - separator) : parts[at];
    grouped.push(line);
  }
  if (hasRest) grouped.push(parts.at(-1) as string);
  return grouped;
}

function areNumbers(list: ArrayLike<unknown>, count: number): boolean {
  for (let i = 0; i < count; i++) if (typeof list[i] !== 'number' && typeof list[i] !== 'bigint') return false;
  return true;
}
