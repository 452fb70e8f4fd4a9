/** One program that both paths run: the body of an async function, in sloppy mode unless it says otherwise. */
export interface Program {
  /** The property that the program exercises. */
  readonly title: string;
  readonly body: string;
  /** Text of the same script before the function, for constructs that exist only at the top level. */
  readonly preamble?: string;
  /** How the program must end. A program that ends in another way proves nothing and fails. */
  readonly ends?: 'value' | 'exception' | 'syntax error';
}

export interface Subject {
  readonly subject: string;
  readonly programs: readonly Program[];
}

/** Guest text as it is written, except that a backtick and `${` still need their backslash here and lose it. */
export function js(text: TemplateStringsArray): string {
  return text.raw.join('').replace(/\\(`|\$\{)/g, '$1');
}

/**
 * The script of a program. Its value is an array `[state, text]`, which is `['pending', '']` until the program settles.
 * Whatever the program returned or threw is rendered in the guest, by the same text on both paths.
 */
export function scriptOf({ preamble = '', body }: Program): string {
  return `${preamble}\n${RUN}(async function () {\n${body}\n});\n`;
}

/**
 * The same program as the body of a handler that returns `[state, text]`, to compare engines that word their errors differently: of an
 * error's message only what the program itself wrote is told.
 */
export function handlerOf({ preamble = '', body }: Program): string {
  const text = body.replace(MESSAGE, 'told($<error>.message)');
  const told = `const told = (message) => ${JSON.stringify(`${preamble}${body}`)}.includes(message) ? message : '…';`;
  return `${preamble}\n${told}\nreturn ${RUN_ANYWHERE}(async function () {\n${text}\n});\n`;
}

/** The last digits of Math results depend on the engine. */
const DIGITS = 13;

/** Where a program reads the message of an error. */
const MESSAGE = /(?<![\w.$])(?<error>e|err|error|reason|\w*[eE]rror)\.message\b(?!\s*=[^=])/g;

/**
 * Renders values so that nothing is lost: -0, holes, property order and attributes, symbols, prototypes, shared and
 * cyclic references. Everything outside printable ASCII is escaped, so that the way out of the VM cannot change it.
 */
const RUN = js`(function (run) {
  'use strict';
  const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const seen = new Map();

  function quote(string) {
    let out = '';
    for (let i = 0; i < string.length; i++) {
      const code = string.charCodeAt(i);
      const plain = code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c;
      out += plain ? string[i] : '\\u' + code.toString(16).padStart(4, '0');
    }
    return '"' + out + '"';
  }

  function kind(value) {
    const prototype = getPrototypeOf(value);
    if (prototype === null) return 'null';
    const own = getOwnPropertyDescriptor(prototype, 'constructor');
    return own !== undefined && typeof own.value === 'function' ? String(own.value.name) : '?';
  }

  function content(value) {
    if (typeof value === 'function') return ' ' + quote(String(value.name)) + '/' + String(value.length);
    if (value instanceof Date) return ' ' + String(value.getTime());
    if (value instanceof RegExp) return ' ' + quote(String(value));
    if (value instanceof Error) return ' ' + quote(value.name + ': ' + value.message);
    if (value instanceof Map) return ' ' + show([...value]);
    if (value instanceof Set) return ' ' + show([...value]);
    if (value instanceof ArrayBuffer) return ' ' + show([...new Uint8Array(value)]);
    if ([Number, String, Boolean].some((Box) => value instanceof Box)) return ' ' + show(value.valueOf());
    return '';
  }

  function property(value, key) {
    const own = getOwnPropertyDescriptor(value, key);
    const name = typeof key === 'symbol' ? '[' + quote(String(key)) + ']' : quote(key);
    const attributes = (own.enumerable ? '' : '~') + (own.configurable ? '' : '!');
    if (!('value' in own)) return attributes + name + ':' + (own.get ? 'get' : '') + (own.set ? 'set' : '');
    return attributes + (own.writable ? '' : '=') + name + ':' + show(own.value);
  }

  function skipped(value, key) {
    if (typeof value === 'function') return key === 'length' || key === 'name' || key === 'prototype';
    if (value instanceof Error) return key === 'stack' || key === 'message';
    return Array.isArray(value) && key === 'length';
  }

  function show(value) {
    if (typeof value === 'string') return quote(value);
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
    if (typeof value === 'bigint') return String(value) + 'n';
    if (typeof value === 'symbol') return quote(String(value));
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return String(value);
    if (seen.has(value)) return '#' + seen.get(value);
    seen.set(value, seen.size);
    const properties = [];
    for (const key of ownKeys(value)) if (!skipped(value, key)) properties.push(property(value, key));
    const size = Array.isArray(value) ? '(' + String(value.length) + ')' : '';
    return kind(value) + size + content(value) + '{' + properties.join(',') + '}';
  }

  const outcome = ['pending', ''];
  const settle = (state, value) => {
    outcome[1] = show(value);
    outcome[0] = state;
  };
  run().then((value) => settle('value', value), (error) => settle('exception', error)).catch((error) => {
    outcome[0] = 'unshowable';
    outcome[1] = String(error);
  });
  return outcome;
})`;

const RUN_ANYWHERE = RUN.replace(
  "value.name + ': ' + value.message",
  "value.name + ': ' + told(value.message)",
).replace("'-0' : String(value)", `'-0' : String(Number(value.toPrecision(${DIGITS})))`);
