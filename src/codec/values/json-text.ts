import { MalformedValueError } from './decoding/byte-reader.js';

/** Characters of the text that an error shows. */
const SHOWN_CHARACTERS = 20;
const BYTE_ORDER_MARK = 0xfeff;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A part of a document that is JSON text, and not valid. */
export class JsonTextError extends MalformedValueError {
  /** From 1; 0 if they are unknown, because the bytes are no text. */
  readonly line: number;
  readonly column: number;

  constructor(reason: string, line: number, column: number) {
    super(reason);
    this.line = line;
    this.column = column;
  }
}

/** @throws JsonTextError */
export function parseJsonText(bytes: unknown): unknown {
  if (!(bytes instanceof ArrayBuffer)) throw new MalformedValueError('has JSON without text');
  const text = decodeUtf8(bytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw describe(text);
  }
}

function decodeUtf8(bytes: ArrayBuffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonTextError('its bytes are not UTF-8', 0, 0);
  }
}

function describe(text: string): JsonTextError {
  const at = new JsonScanner(text).errorAt();
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1) + 1;
  const shown = text.slice(at, at + SHOWN_CHARACTERS).split('\n', 1)[0] ?? '';
  let what = `there is ${JSON.stringify(shown)}`;
  if (at >= text.length) what = 'it ends too early';
  else if (text.charCodeAt(at) === BYTE_ORDER_MARK) what = 'there is a byte order mark (U+FEFF), which JSON has not';
  return new JsonTextError(`it is not JSON: at line ${line}, column ${column} ${what}`, line, column);
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/** Finds the place of an error: the messages of engines differ, and not all of them name it. */
class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The index of the first character that cannot be there. */
  errorAt(): number {
    /** The closing characters of what is open. */
    const open: string[] = [];
    for (;;) {
      this.#skip(SPACE);
      const character = this.#text[this.#at];
      if (character === '[' || character === '{') {
        this.#at++;
        this.#skip(SPACE);
        const close = character === '[' ? ']' : '}';
        if (this.#text[this.#at] !== close) {
          open.push(close);
          if (close === '}' && !this.#name()) return this.#at;
          continue;
        }
        this.#at++;
      } else if (character === '"') {
        if (!this.#string()) return this.#at;
      } else if (!this.#skip(SCALAR)) return this.#at;
      // Behind a value.
      for (;;) {
        this.#skip(SPACE);
        const close = open.at(-1);
        if (close === undefined) return this.#at;
        const next = this.#text[this.#at];
        if (next === close) {
          this.#at++;
          open.pop();
          continue;
        }
        if (next !== ',') return this.#at;
        this.#at++;
        if (close === '}' && !this.#name()) return this.#at;
        break;
      }
    }
  }

  /** A name and its colon. */
  #name(): boolean {
    this.#skip(SPACE);
    if (this.#text[this.#at] !== '"' || !this.#string()) return false;
    this.#skip(SPACE);
    if (this.#text[this.#at] !== ':') return false;
    this.#at++;
    return true;
  }

  /** A loop, because an expression would need a place to return to for each character. */
  #string(): boolean {
    for (let at = this.#at + 1; ; at++) {
      const unit = this.#text.charCodeAt(at);
      if (unit === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      ESCAPE.lastIndex = at;
      // Behind the end there is NaN.
      if (!(unit >= FIRST_PRINTABLE) || (unit === BACKSLASH && !ESCAPE.test(this.#text))) {
        this.#at = at;
        return false;
      }
      if (unit === BACKSLASH) at = ESCAPE.lastIndex - 1;
    }
  }

  #skip(token: RegExp): boolean {
    token.lastIndex = this.#at;
    if (!token.test(this.#text)) return false;
    this.#at = token.lastIndex;
    return true;
  }
}
