import { neutraliseFileHeader } from '../source/source-text.js';

/**
 * CommonJS, UMD or IIFE source that is evaluated once while the base image is built; handlers use it as
 * `$lib.name`. Or a bundle of several.
 */
export interface LibrarySource {
  /** Of a bundle: the variable that its script assigns the namespaces to, as `x0`, `x1` and so on. */
  readonly name: string;
  readonly source: string;
  /** The file name in stack traces. */
  readonly filename: string;
  /** Only of a bundle: the libraries in it, in order. */
  readonly exports?: readonly BundledExport[] | undefined;
}

/** A library in a bundle. */
export interface BundledExport {
  readonly name: string;
  /** Whether its value is `module.exports` of a CommonJS module, or the content of a JSON file, and not the namespace of a module. */
  readonly isCommonJs: boolean;
}

/** The names in `$lib` that a source gives. */
export function libraryNames({ name, exports }: LibrarySource): string[] {
  return exports === undefined ? [name] : exports.map((library) => library.name);
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Words that look like a name but cannot be one; `typeof default` does not parse. */
const RESERVED =
  /^(?:await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with)$/;

/**
 * Wraps the library in a function with the names that its module system expects, and with the names by which
 * it may look for the global object: otherwise it would compile one from a string, which is not possible
 * here. The library may declare these names itself. The wrapper is on the library's first line, so line
 * numbers are unchanged. A variable with the library's name is its result.
 */
export function wrapLibrary({ name, source }: LibrarySource): string {
  const result =
    IDENTIFIER.test(name) && !RESERVED.test(name)
      ? `typeof ${name} === "undefined" ? undefined : ${name}`
      : 'undefined';
  return `((global, self) => function (module, exports) {${neutraliseFileHeader(source)}\n;return ${result};\n})(globalThis, globalThis)`;
}
