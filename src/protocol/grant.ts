/** Every name of a kind, or names and prefixes followed by `*`. */
export type Grant = true | readonly string[];

export function covers(grant: Grant, name: string): boolean {
  return grant === true || grant.some((pattern) => matches(pattern, name));
}

/** A pattern of two parts, such as `*:api.example.com`, has a `*` before its end. */
export function hasInnerStar(pattern: string): boolean {
  const star = pattern.indexOf('*');
  return star !== -1 && star < pattern.length - 1;
}

function matches(pattern: string, name: string): boolean {
  if (hasInnerStar(pattern)) {
    const [inPattern, inName] = [pattern.indexOf('*:'), name.indexOf(':')];
    return (
      inName !== -1 &&
      name.slice(0, inName).startsWith(pattern.slice(0, inPattern)) &&
      matches(pattern.slice(inPattern + 2), name.slice(inName + 1))
    );
  }
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
