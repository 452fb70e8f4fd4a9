import type { CompletionView, ProjectView } from '../contract.js';

const GLOBALS = ['$state', '$args', '$scope', '$ext', '$emit', '$view', '$log', '$lib'];
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  $state: ['get', 'set', 'has', 'delete', 'keys'],
  $view: ['setFilter', 'scrollTo', 'focus', 'command'],
  $log: ['debug', 'info', 'warn', 'error'],
};

/** What can be said without TypeScript: the globals, their members, and the methods of extensions. */
export function plainCompletions(
  code: string,
  offset: number,
  extensions: ProjectView['extensions'],
): CompletionView['options'] {
  const before = code.slice(Math.max(0, offset - 200), offset);
  const [, path = ''] = /((?:\$?\w+\s*\.\s*)*)[\w$]*$/.exec(before) ?? [];
  const [first = '', second = '', ...more] = path.split('.').map((part) => part.trim());
  if (path === '') return GLOBALS.map((label) => ({ label, kind: 'const' }));
  if (first !== '$ext' && second === '') return (MEMBERS[first] ?? []).map((label) => ({ label, kind: 'method' }));
  if (first !== '$ext' || more.length > 1) return [];
  if (second === '') return Object.keys(extensions).map((label) => ({ label, kind: 'property' }));
  return (extensions[second] ?? []).map((label) => ({ label, kind: 'method' }));
}
