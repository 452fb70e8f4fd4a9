import { nearest } from '../../config/nearest.js';

const MAX_NEAR = 3;
const MAX_NAME = 100;

/** Names that are like another, best first: with the same last part, with a near spelling, or with the same words. */
export function nearNames(name: string, names: readonly string[]): readonly string[] {
  const wanted = name.slice(0, MAX_NAME);
  const last = lastOf(wanted).toLowerCase();
  const found = new Set<string>();
  const add = (one: string | undefined) => {
    if (one !== undefined && found.size < MAX_NEAR) found.add(one);
  };
  for (const one of names) if (lastOf(one).toLowerCase() === last) add(one);
  add(nearest(wanted, names));
  const byLast = new Map(names.map((one) => [lastOf(one), one]));
  const spelt = nearest(lastOf(wanted), byLast.keys());
  add(spelt === undefined ? undefined : byLast.get(spelt));
  if (found.size > 0) return [...found];
  const words = wordsOf(wanted);
  const scored = names
    .map((one) => ({ one, score: wordsOf(one).filter((word) => words.includes(word)).length }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  for (const { one } of scored) add(one);
  return [...found];
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The words of a name or a text in lower case: `createIssue` has two. */
export function wordsOf(text: string): readonly string[] {
  const spaced = text.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 1);
}
