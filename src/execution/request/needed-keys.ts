import type { HandlerRef } from '../../compiler/handler-loader.js';

/** Further keys of one handler are not looked for: all of its state enters then. */
const MAX_LOOKED_FOR = 1_000;
/** Handlers that are known, and the length of their texts together. */
const MAX_HANDLERS = 1_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** In a longer text nothing is looked for: that would hold the calling thread. */
const MAX_TEXT = 1024 * 1024;

/**
 * The handler reads values without naming their keys. The text is hostile: no two parts of the pattern that follow each
 * other match the same characters, so that it takes a time in proportion to the text.
 */
const READS_ALL =
  /\.\.\.\s*\$?state\b(?!\s*[.?[])|\b(?:stringify|structuredClone|values|entries|assign)\(\s*\$?state\s*[,)]|\breturn\s+\$?state\b(?!\s*[.?[(])|(?:\$|\b)state\s*(?:\?\.\s*)?\[(?!\s*['"`])/;
const IMPORTS = /\bimport\b/;

/**
 * Which keys of the state a handler may read, by its text. This is a hint: a handler that reads a value which was left
 * out is executed again with all of them. So it may be wrong, and costs time then.
 */
export class NeededKeys {
  readonly #text: string;
  /** Made when a key is first looked for. */
  #words: Words | undefined;
  readonly #found = new Map<string, boolean>();
  #needsAll: boolean;

  constructor(text: string) {
    this.#text = text;
    this.#needsAll = text === '' || text.length > MAX_TEXT || READS_ALL.test(text);
  }

  /** Whether nothing is left out: its text says so, or something that was left out was missing. */
  get needsAll(): boolean {
    return this.#needsAll;
  }

  /** From now on everything enters. */
  noteMiss(): void {
    this.#needsAll = true;
    this.#words = undefined;
    this.#found.clear();
  }

  /** Whether the text has the words of the key, in code or elsewhere: it may be read under any name of the state. */
  has(key: string): boolean {
    if (this.#needsAll) return true;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    if (this.#found.size >= MAX_LOOKED_FOR) {
      this.noteMiss();
      return true;
    }
    this.#words ??= new Words(this.#text);
    const isFound = this.#words.hasAllOf(key);
    this.#found.set(key, isFound);
    return isFound;
  }
}

/** Bits for each character of a text: a word of it has five or more, and few words occur once. */
const BITS_PER_CHARACTER = 2;
const MIN_BITS = 1024;
/** The offset and prime of FNV-1a. */
const HASH_START = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;

/**
 * The words of a text, by their hashes: it may say that it has a word which it does not have. Made in one pass. Looking for
 * each key in the text would take as long for each, and a text can be written to make that slow.
 */
class Words {
  readonly #bits: Uint32Array;
  /** The number of bits, a power of two, less one. */
  readonly #mask: number;

  constructor(text: string) {
    const bits = 2 ** Math.ceil(Math.log2(Math.max(MIN_BITS, text.length * BITS_PER_CHARACTER)));
    this.#bits = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
    forEachWord(text, (hash) => {
      const cell = (hash & this.#mask) >>> 5;
      this.#bits[cell] = (this.#bits[cell] ?? 0) | (1 << (hash & 31));
      return true;
    });
  }

  /** True for a key without any word. */
  hasAllOf(key: string): boolean {
    return forEachWord(key, (hash) => ((this.#bits[(hash & this.#mask) >>> 5] ?? 0) & (1 << (hash & 31))) !== 0);
  }
}

/** @returns false as soon as `visit` does */
function forEachWord(text: string, visit: (hash: number) => boolean): boolean {
  let hash = HASH_START;
  let isInside = false;
  for (let i = 0; i <= text.length; i++) {
    const code = text.charCodeAt(i);
    if (isPart(code)) {
      hash = Math.imul(hash ^ code, HASH_FACTOR);
      isInside = true;
    } else if (isInside) {
      if (!visit(hash ^ (hash >>> 15))) return false;
      hash = HASH_START;
      isInside = false;
    }
  }
  return true;
}

const ASCII_PARTS = new Uint8Array(0x80);
for (const part of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$')
  ASCII_PARTS[part.charCodeAt(0)] = 1;

/** Whether the character, which may be absent, belongs to a longer word. */
function isPart(code: number): boolean {
  return code >= 0x80 || ASCII_PARTS[code] === 1;
}

/** What is known of handlers, of the least recently used it is forgotten first. */
export class NeededKeysByHandler {
  /** By source. */
  readonly #sources = new Map<string, NeededKeys>();
  #characters = 0;
  /** Artifacts and handlers of a build. */
  readonly #others = new WeakMap<object, NeededKeys>();
  /** Handlers that waited while something was left out, by their keys. */
  readonly #waiting = new Map<string, NeededKeys>();

  /** Undefined if its text is not known yet. */
  of(handler: HandlerRef): NeededKeys | undefined {
    if ('handler' in handler) return this.#others.get(handler) ?? this.learn(handler, handler.handler.source);
    if ('artifact' in handler) return isObject(handler.artifact) ? this.#others.get(handler.artifact) : undefined;
    const { source } = handler;
    // A caller may pass anything; the compiler refuses it.
    if (typeof source !== 'string') return undefined;
    const known = this.#sources.get(source);
    if (known !== undefined) {
      this.#sources.delete(source);
      this.#sources.set(source, known);
      return known;
    }
    return IMPORTS.test(source) ? undefined : this.#learn(source, source);
  }

  /** @param text that was compiled: with what it imports */
  learn(handler: HandlerRef, text: string): NeededKeys {
    if ('source' in handler) return this.of(handler) ?? this.#learn(handler.source, text);
    const place = 'artifact' in handler ? handler.artifact : handler;
    const known = this.#others.get(place);
    if (known !== undefined) return known;
    const learnt = new NeededKeys(text);
    this.#others.set(place, learnt);
    return learnt;
  }

  /** Of a handler that waits. */
  ofWaiting(key: string): NeededKeys | undefined {
    return this.#waiting.get(key);
  }

  noteWaiting(key: string, needs: NeededKeys): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, needs);
    if (this.#waiting.size > MAX_HANDLERS) this.#waiting.delete(this.#waiting.keys().next().value as string);
  }

  #learn(source: string, text: string): NeededKeys {
    const learnt = new NeededKeys(text);
    this.#sources.set(source, learnt);
    this.#characters += source.length;
    for (const oldest of this.#sources.keys()) {
      if (this.#sources.size <= MAX_HANDLERS && this.#characters <= MAX_CHARACTERS) break;
      this.#sources.delete(oldest);
      this.#characters -= oldest.length;
    }
    return learnt;
  }
}

/** A caller may pass anything. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
