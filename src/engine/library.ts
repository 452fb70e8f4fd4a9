/** CommonJS, UMD or IIFE text, evaluated once while the base image is built; handlers have it as `$lib.name`. */
export interface LibrarySource {
  readonly name: string;
  readonly source: string;
  /** Shown in stack traces. */
  readonly filename: string;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * The library as a function of the names its module system expects. On the library's own first line, so that lines in
 * stack traces are its own. What a script declares under the library's name is its result.
 */
export function wrapLibrary({ name, source }: LibrarySource): string {
  const result = IDENTIFIER.test(name) ? `typeof ${name} === "undefined" ? undefined : ${name}` : 'undefined';
  return `(function (module, exports) {${source}\n;return ${result};\n})`;
}
