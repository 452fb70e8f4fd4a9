/** At the start of a statement, or where an expression may begin. A keyword is never written with escapes. */
const IMPORT = /(?:^|[^\w$.#])import(?=[\s{*"'(/])/;
const FROM = /(?:^|[\s;}/)])export(?=[\s{*/])[\s\S]*?from(?=[\s"'/])/;

/** Whether a source could import something: cheap, and never false for one that does. */
export function mayImport(source: string): boolean {
  // perf: most sources have neither word.
  if (source.includes('import') && IMPORT.test(source)) return true;
  return source.includes('export') && source.includes('from') && FROM.test(source);
}
