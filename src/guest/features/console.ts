import { format } from '../inspect/format.js';
import { type InspectOptions, inspect } from '../inspect/inspect.js';
import { table } from '../inspect/table.js';
import type { FeatureHost, LogLevel } from './feature.js';

const { now } = Date;
const INDENTATION = 2;
const MAX_INDENTATION = 100;

/**
 * `console` as Node has it: https://console.spec.whatwg.org. What Node writes to stderr has the level that its name says. Nothing that is
 * written throws: what cannot be read says so.
 */
export default function install(host: FeatureHost): void {
  const counts = new Map<string, number>();
  const timers = new Map<string, number>();
  let indentation = '';

  const write = (level: LogLevel, text: string) => {
    host.log(level, indentation === '' ? text : indentation + text.replaceAll('\n', `\n${indentation}`));
  };
  const writer =
    (level: LogLevel) =>
    (...args: unknown[]): void =>
      write(level, format(args));
  const labelOf = (label: unknown) => (label === undefined ? 'default' : textOf(label));
  const elapsed = (name: string, label: unknown): string | undefined => {
    const key = labelOf(label);
    const begun = timers.get(key);
    if (begun !== undefined) return `${key}: ${timeText(now() - begun)}`;
    write('warn', `Warning: No such label '${key}' for console.${name}()`);
    return undefined;
  };

  const log = writer('info');
  const warn = writer('warn');
  const group = (...args: unknown[]): void => {
    if (args.length > 0) log(...args);
    if (indentation.length < MAX_INDENTATION) indentation += ' '.repeat(INDENTATION);
  };
  const methods = {
    log,
    info: writer('info'),
    debug: writer('debug'),
    warn,
    error: writer('error'),
    dirxml: writer('info'),
    dir(value: unknown, options?: unknown): void {
      write('info', inspect(value, depthOf(options)));
    },
    table(value: unknown, columns?: unknown): void {
      if (typeof value !== 'object' || value === null) log(value);
      else write('info', tableOf(value, columns));
    },
    group,
    groupCollapsed: group,
    groupEnd(): void {
      indentation = indentation.slice(INDENTATION);
    },
    time(label?: unknown): void {
      const key = labelOf(label);
      if (timers.has(key)) write('warn', `Warning: Label '${key}' already exists for console.time()`);
      else timers.set(key, now());
    },
    timeEnd(label?: unknown): void {
      const text = elapsed('timeEnd', label);
      if (text !== undefined) write('info', text);
      timers.delete(labelOf(label));
    },
    timeLog(label?: unknown, ...args: unknown[]): void {
      const text = elapsed('timeLog', label);
      if (text !== undefined) log(text, ...args);
    },
    count(label?: unknown): void {
      const key = labelOf(label);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      write('info', `${key}: ${count}`);
    },
    countReset(label?: unknown): void {
      const key = labelOf(label);
      if (!counts.delete(key)) write('warn', `Warning: Count for '${key}' does not exist`);
    },
    assert(condition?: unknown, ...args: unknown[]): void {
      if (condition) return;
      const [first, ...rest] = args;
      if (typeof first === 'string') warn(`Assertion failed: ${first}`, ...rest);
      else warn('Assertion failed', ...args);
    },
    trace(...args: unknown[]): void {
      const { stack = '' } = new Error();
      const text = format(args);
      const frames = stack.slice(stack.indexOf('\n')).trimEnd();
      write('error', `Trace${text === '' ? '' : `: ${text}`}${frames}`);
    },
  };
  for (const [name, method] of Object.entries(methods)) Object.defineProperty(method, 'name', { value: name });
  Object.defineProperty(methods, Symbol.toStringTag, { value: 'console', configurable: true });
  host.define('console', methods);
}

function depthOf(options: unknown): InspectOptions {
  try {
    const { depth } = options as InspectOptions;
    return typeof depth === 'number' || depth === null ? { depth } : {};
  } catch {
    return {};
  }
}

/** Rows may throw where they are read; `inspect` does not. */
function tableOf(value: object, columns: unknown): string {
  try {
    return table(value, columns);
  } catch {
    return inspect(value);
  }
}

function textOf(label: unknown): string {
  try {
    return String(label);
  } catch {
    return inspect(label, { depth: 0 });
  }
}

function timeText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds}ms`;
  return milliseconds < 60_000 ? `${(milliseconds / 1_000).toFixed(3)}s` : `${(milliseconds / 60_000).toFixed(3)}m`;
}
