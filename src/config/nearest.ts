import { distance } from 'fastest-levenshtein';

const MIN_PART = 4;
/** Comparing takes as long as the product of the lengths; no name is longer. */
const MAX_LENGTH = 64;

/** The candidate with the smallest edit distance to `word`, if it is near enough to be a likely typing error. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    // `memoryLimit`, or `cacheDirectory`: the rest is a matter of taste.
    const isPart =
      Math.min(lower.length, other.length) >= MIN_PART && (lower.startsWith(other) || other.startsWith(lower));
    const difference = isPart ? 0 : distance(lower, other);
    if (difference < bestDistance) {
      best = candidate;
      bestDistance = difference;
    }
  }
  return best;
}
