import type { Atom, Value } from './values/atoms.js';

const CALLABLE: ReadonlySet<Atom['kind']> = new Set([
  'function',
  'bound',
  'native',
  'builtin',
  'emit',
  'viewCommand',
  'stateMethod',
  'extensionMethod',
  'unknown',
]);

/** The parts of a value that may be called. */
export function callables(value: Value): Value {
  return new Set([...value].filter(isCallable));
}

export function isCallable({ kind }: Atom): boolean {
  return CALLABLE.has(kind);
}
