/** Every name of a kind, or names and prefixes followed by `*`. */
export type Grant = true | readonly string[];

export function covers(grant: Grant, name: string): boolean {
  return grant === true || grant.some((pattern) => matches(pattern, name));
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
