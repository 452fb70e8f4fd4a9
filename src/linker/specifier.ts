/** Whether it begins with the name of a package: it is neither a path nor a URL. */
export function isBare(specifier: string): boolean {
  return /^[^./\\][^\\]*$/.test(specifier) && !/^[a-z][a-z0-9+.-]*:/i.test(specifier);
}
