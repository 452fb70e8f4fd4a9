import { inspect } from './inspect.js';
import { primitive } from './texts.js';

/** What `console.log` makes of its arguments: https://console.spec.whatwg.org/#formatter, as Node does. */
export function format(args: readonly unknown[]): string {
  const [first] = args;
  if (typeof first === 'string' && args.length === 1) return first;
  let text = '';
  let next = 0;
  let join = '';
  if (typeof first === 'string') {
    next = 1;
    text = first.includes('%')
      ? fill(first, args, (used) => {
          next = used;
        })
      : first;
    join = ' ';
  }
  for (; next < args.length; next++) {
    const value = args[next];
    text += join + (typeof value === 'string' ? value : inspect(value));
    join = ' ';
  }
  return text;
}

function fill(template: string, args: readonly unknown[], onUsed: (next: number) => void): string {
  let text = '';
  let next = 1;
  for (let i = 0; i < template.length; i++) {
    const code = template[i + 1];
    if (template[i] !== '%' || code === undefined) {
      text += template[i];
      continue;
    }
    if (code === '%') text += '%';
    else {
      const given = next < args.length ? safeDirective(code, args[next]) : undefined;
      if (given === undefined) {
        text += '%';
        continue;
      }
      text += given;
      next++;
    }
    i++;
  }
  onUsed(next);
  return text;
}

/** A conversion calls methods of the value, which may throw. */
function safeDirective(code: string, value: unknown): string | undefined {
  try {
    return directive(code, value);
  } catch {
    return inspect(value, { depth: 0 });
  }
}

function directive(code: string, value: unknown): string | undefined {
  switch (code) {
    case 's':
      return asText(value);
    case 'd':
      return typeof value === 'bigint' ? `${value}n` : number(typeof value === 'symbol' ? Number.NaN : Number(value));
    case 'i':
      return typeof value === 'bigint'
        ? `${value}n`
        : number(typeof value === 'symbol' ? Number.NaN : Number.parseInt(value as string, 10));
    case 'f':
      return number(typeof value === 'symbol' ? Number.NaN : Number.parseFloat(value as string));
    case 'j':
      return json(value);
    case 'o':
      return inspect(value, { depth: 4 });
    case 'O':
      return inspect(value);
    case 'c':
      return '';
    default:
      return undefined;
  }
}

function number(value: number): string {
  return primitive(value, 0);
}

function asText(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return primitive(value, 0);
  if (typeof value !== 'object' || value === null || hasOwnText(value)) return String(value);
  return inspect(value, { depth: 0 });
}

/** Whether a class of the handler says how it is written. */
function hasOwnText(value: object): boolean {
  for (
    let at: object | null = value, depth = 0;
    at !== null && depth < 100;
    at = Object.getPrototypeOf(at) as object | null, depth++
  ) {
    if (BUILTIN.has(at)) return false;
    if (Object.hasOwn(at, 'toString')) return true;
  }
  return false;
}

const BUILTIN = new Set<unknown>(
  [
    Object,
    Array,
    Map,
    Set,
    Date,
    RegExp,
    Error,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    URIError,
    EvalError,
  ].map(({ prototype }) => prototype),
);

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch (error) {
    if (error instanceof TypeError && /circular/i.test(error.message)) return '[Circular]';
    throw error;
  }
}
