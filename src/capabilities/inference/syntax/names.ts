import type { Atoms } from '../values/atom-table.js';
import { type Atom, isPrimitive, type Value } from '../values/atoms.js';

/** Longer strings are distinguished only by their prefix. */
const MAX_TEXT = 256;

/**
 * The names that a key may stand for, as patterns of a token: a name, or a prefix followed by `*`. Symbols
 * are not included, because no capability names them.
 */
export function patternsOf(key: Value): string[] {
  const patterns = new Set<string>();
  for (const atom of key) {
    if (atom.kind === 'symbol') continue;
    if (atom.kind === 'constant') patterns.add(exactPattern(String(atom.value)));
    else patterns.add(atom.kind === 'prefix' ? prefixPattern(atom.text) : '*');
  }
  return patterns.has('*') ? ['*'] : [...patterns];
}

/** A token cannot contain an empty name or a name with `*`, so the longest prefix before it is used. */
function exactPattern(name: string): string {
  return name === '' || name.includes('*') ? prefixPattern(name) : name;
}

function prefixPattern(text: string): string {
  const star = text.indexOf('*');
  return `${star === -1 ? text : text.slice(0, star)}*`;
}

/** What is known about the key of a member of an ordinary object. */
export interface MemberKey {
  readonly names: readonly string[];
  /** Whether it may be a number, which is not the name of a method. */
  readonly isIndex: boolean;
  /** Whether it may be any name at all. */
  readonly isAny: boolean;
  /** Whether it may be any symbol. */
  readonly isAnySymbol: boolean;
}

export function memberKeyOf(key: Value): MemberKey {
  const names: string[] = [];
  let isIndex = false;
  let isAny = false;
  let isAnySymbol = false;
  for (const atom of key) {
    if (atom.kind === 'constant') names.push(String(atom.value));
    else if (atom.kind === 'symbol') names.push(atom.name);
    else if (atom.kind === 'number') isIndex = true;
    else isAny = true;
    if (!isPrimitive(atom)) isAnySymbol = true;
  }
  return { names, isIndex, isAny, isAnySymbol };
}

/** The concatenation of two values, as in a template literal. */
export function concatenate(atoms: Atoms, left: Value, right: Value): Value {
  const result = new Set<Atom>();
  for (const first of left) {
    for (const second of right) for (const atom of join(atoms, first, second)) result.add(atom);
    if (right.size === 0 && first.kind === 'prefix') result.add(first);
  }
  return result;
}

/** The result of `+`: a string if one of the operands is a string. */
export function plus(atoms: Atoms, left: Value, right: Value): Value {
  const result = new Set<Atom>();
  for (const first of left) {
    for (const second of right) {
      const isNumber = [first, second].every((atom) => atom.kind === 'number' || typeofConstant(atom) === 'number');
      if (isNumber) for (const atom of atoms.number) result.add(atom);
      else if (isText(first) || isText(second)) for (const atom of join(atoms, first, second)) result.add(atom);
      else for (const atom of atoms.primitive) result.add(atom);
    }
  }
  return result;
}

function join(atoms: Atoms, first: Atom, second: Atom): Value {
  if (first.kind === 'prefix') return new Set([first]);
  if (first.kind !== 'constant') return atoms.primitive;
  const text = String(first.value);
  if (second.kind === 'constant') {
    const whole = text + String(second.value);
    return whole.length > MAX_TEXT ? atoms.prefix(whole.slice(0, MAX_TEXT)) : atoms.constant(whole);
  }
  return atoms.prefix((text + (second.kind === 'prefix' ? second.text : '')).slice(0, MAX_TEXT));
}

function isText(atom: Atom): boolean {
  return atom.kind === 'prefix' || typeofConstant(atom) === 'string';
}

function typeofConstant(atom: Atom): string | undefined {
  return atom.kind === 'constant' ? typeof atom.value : undefined;
}

export function onlyPrimitives(value: Value): boolean {
  for (const atom of value) if (!isPrimitive(atom)) return false;
  return true;
}
