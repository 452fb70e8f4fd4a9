/** Whether a name may match both of two patterns. */
export function overlap(a: string, b: string): boolean {
  const [prefixA, prefixB] = [a, b].map((pattern) => (pattern.endsWith('*') ? pattern.slice(0, -1) : undefined));
  if (prefixA === undefined && prefixB === undefined) return a === b;
  if (prefixA === undefined) return a.startsWith(prefixB ?? '');
  if (prefixB === undefined) return b.startsWith(prefixA);
  return prefixA.startsWith(prefixB) || prefixB.startsWith(prefixA);
}
