// Smaller cases: what a target offers is tried as long as the same finding shows.

/** How long one case may be shrunk, in milliseconds. */
const SHRINK_MS = 20_000;

/**
 * @param candidates gives smaller cases of a case, the smallest first
 * @param isSame whether a case has the same finding
 * @returns the smallest that was found
 */
export async function shrink(input, candidates, isSame) {
  const until = performance.now() + SHRINK_MS;
  let smallest = input;
  for (let isSmaller = true; isSmaller && performance.now() < until; ) {
    isSmaller = false;
    for (const candidate of candidates(smallest)) {
      if (performance.now() > until) break;
      if (!(await isSame(candidate))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** A list, or bytes, with parts left out: halves first, single items last. */
export function* withoutParts(items) {
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < items.length; at += size) {
      yield Array.isArray(items)
        ? [...items.slice(0, at), ...items.slice(at + size)]
        : Uint8Array.from([...items.subarray(0, at), ...items.subarray(at + size)]);
    }
  }
}

/** A text with lines left out. */
export function* withoutLines(text) {
  for (const lines of withoutParts(text.split('\n'))) yield lines.join('\n');
}
