import type { Atom } from './values/atoms.js';

/** A member of `$state`, as a reason names it. */
export function stateMember(pattern: string): string {
  if (pattern === '*') return '$state under a computed key';
  return pattern.endsWith('*') ? `$state under a key that begins with "${pattern.slice(0, -1)}"` : `$state.${pattern}`;
}

export function describeAtom(atom: Atom): string {
  switch (atom.kind) {
    case 'state':
      return '$state';
    case 'emit':
      return '$emit';
    case 'view':
    case 'viewCommand':
      return '$view';
    case 'ext':
      return '$ext';
    case 'extension':
    case 'extensionMethod':
      return `$ext.${atom.name}`;
    case 'within':
      return `a value of ${stateMember(atom.keys)}`;
    case 'global':
      return 'globalThis';
    case 'builtin':
      return `the builtin ${atom.path}`;
    default:
      return 'a value';
  }
}
