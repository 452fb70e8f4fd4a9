/** The package of an import: `date-fns/locale` is of `date-fns`. */
export function packageOf(specifier: string): string {
  const segments = specifier.split('/');
  return specifier.startsWith('@') ? segments.slice(0, 2).join('/') : (segments[0] as string);
}

/** Whether it begins with the name of a package: it is neither a path nor a URL. */
export function isBare(specifier: string): boolean {
  return /^[^./\\][^\\]*$/.test(specifier) && !/^[a-z][a-z0-9+.-]*:/i.test(specifier);
}
