import { toJson } from '../execution/result/to-json.js';

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof STYLES;

/** More than any result may have. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;
const ESCAPE = '\u001b';

/**
 * What a command writes: results to stdout, everything else to stderr. With `--json`, stdout gets one JSON document and nothing else.
 *
 * Colours are for terminals, and never with the variable NO_COLOR.
 */
export class Terminal {
  readonly isJson: boolean;
  readonly #isOutColoured: boolean;
  readonly #isNoteColoured: boolean;

  constructor(isJson: boolean, env: NodeJS.ProcessEnv) {
    this.isJson = isJson;
    const isForced = (env['FORCE_COLOR'] ?? '') !== '' && env['FORCE_COLOR'] !== '0';
    const isOff = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
    this.#isOutColoured = !isOff && (isForced || process.stdout.isTTY === true);
    this.#isNoteColoured = !isOff && (isForced || process.stderr.isTTY === true);
  }

  /** A line of the result, for people. */
  out(text = ''): void {
    if (!this.isJson) process.stdout.write(`${onlyStyles(text)}\n`);
  }

  /** The result for programs. */
  json(value: unknown): void {
    if (this.isJson) process.stdout.write(`${toJson(value, { maxBytes: MAX_JSON_BYTES })}\n`);
  }

  /** A line that is no part of the result. */
  note(text: string): void {
    process.stderr.write(`${onlyStyles(text)}\n`);
  }

  /** For {@link out}. */
  style(style: Style, text: string): string {
    return styled(this.#isOutColoured, style, text);
  }

  /** For {@link note}. */
  noteStyle(style: Style, text: string): string {
    return styled(this.#isNoteColoured, style, text);
  }

  /** Rows with columns of equal width; the first row is the head. */
  table(rows: readonly (readonly string[])[]): void {
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.max(...rows.map((row) => printableName(row[column]).length)),
    );
    for (const [index, row] of rows.entries()) {
      const line = row.map((cell, column) => printableName(cell).padEnd(widths[column] ?? 0)).join('  ');
      this.out(index === 0 ? this.style('bold', line.trimEnd()) : line.trimEnd());
    }
  }

  /** A bar that is drawn in place on a terminal; elsewhere nothing is written. */
  progress(): Progress {
    return new Progress(process.stderr.isTTY === true && !this.isJson);
  }
}

/** A bar of progress on stderr. */
export class Progress {
  readonly #isShown: boolean;

  constructor(isShown: boolean) {
    this.#isShown = isShown;
  }

  show(done: number, total: number, what: string): void {
    if (!this.#isShown) return;
    const width = 24;
    const filled = total === 0 ? width : Math.floor((done / total) * width);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
    const room = Math.max(0, (process.stderr.columns ?? 80) - width - String(total).length * 2 - 6);
    process.stderr.write(`\r${ESCAPE}[2K${bar} ${done}/${total} ${printableName(what).slice(0, room)}`);
  }

  clear(): void {
    if (this.#isShown) process.stderr.write(`\r${ESCAPE}[2K`);
  }
}

function styled(isColoured: boolean, style: Style, text: string): string {
  return isColoured ? `${ESCAPE}[${STYLES[style]}m${text}${ESCAPE}[0m` : text;
}

/**
 * Control characters, with which a handler could write anywhere on the terminal, and those that turn the direction of a line, which then reads
 * as something else. Tabs and ends of lines are harmless.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds control characters
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
/** Those of {@link Terminal.style}: whatever else a text has in it, it can only be coloured. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds control characters
const STYLE = /(\u001b\[(?:0|1|2|31|32|33|36)m)/;

/** A text of a handler or a file, safe to print. */
export function printable(text: string | undefined): string {
  return (text ?? '').replace(CONTROL, escaped);
}

/** The name of a file or a tenant, on one line. */
export function printableName(name: string | undefined): string {
  return printable(name).replace(/[\t\n]/g, escaped);
}

function escaped(character: string): string {
  const hex = character.charCodeAt(0).toString(16);
  return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}

/** Texts that nobody has escaped before cannot do more than add lines. */
function onlyStyles(text: string): string {
  return text
    .split(STYLE)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}
