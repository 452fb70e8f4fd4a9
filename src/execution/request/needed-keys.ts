import type { HandlerRef } from '../../compiler/handler-loader.js';

/** Further keys of one handler are not looked for: all of its state enters then. */
const MAX_LOOKED_FOR = 1_000;
/** Handlers that are known, and the length of their texts together. */
const MAX_HANDLERS = 1_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** The handler reads values without naming their keys. */
const READS_ALL =
  /\.\.\.\s*\$?state\b(?!\s*[.?[])|\b(?:stringify|structuredClone|values|entries|assign)\(\s*\$?state\s*[,)]|\breturn\s+\$?state\b(?!\s*[.?[(])|(?:\$|\b)state\s*(?:\?\.)?\s*\[\s*(?!['"`])/;
const IMPORTS = /\bimport\b/;

/**
 * Which keys of the state a handler may read, by its text. This is a hint: a handler that reads a value which was left
 * out is executed again with all of them. So it may be wrong, and costs time then.
 */
export class NeededKeys {
  readonly #text: string;
  readonly #found = new Map<string, boolean>();
  #needsAll: boolean;

  constructor(text: string) {
    this.#text = text;
    this.#needsAll = text === '' || READS_ALL.test(text);
  }

  /** Whether nothing is left out: its text says so, or something that was left out was missing. */
  get needsAll(): boolean {
    return this.#needsAll;
  }

  /** From now on everything enters. */
  noteMiss(): void {
    this.#needsAll = true;
    this.#found.clear();
  }

  /** Whether the text has the key as a word, in code or elsewhere: it may be read under any name of the state. */
  has(key: string): boolean {
    if (this.#needsAll) return true;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    if (this.#found.size >= MAX_LOOKED_FOR) {
      this.noteMiss();
      return true;
    }
    const isFound = key === '' || hasWord(this.#text, key);
    this.#found.set(key, isFound);
    return isFound;
  }
}

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (!isPart(text.charCodeAt(at - 1)) && !isPart(text.charCodeAt(at + word.length))) return true;
  }
  return false;
}

const ASCII_PARTS = new Set(Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$', codeOf));

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

/** Whether the character, which may be absent, belongs to a longer word. */
function isPart(code: number): boolean {
  return code >= 0x80 || ASCII_PARTS.has(code);
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
