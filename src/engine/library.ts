import { neutraliseFileHeader } from '../source/source-text.js';

/** CommonJS, UMD or IIFE text, evaluated once while the base image is built; handlers have it as `$lib.name`. */
export interface LibrarySource {
  readonly name: string;
  readonly source: string;
  /** Shown in stack traces. */
  readonly filename: string;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Words that look like a name and cannot be one; `typeof default` does not parse. */
const RESERVED =
  /^(?:await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with)$/;

/**
 * The library as a function of the names its module system expects. Around it are those by which it may look for the global object:
 * where it finds none it compiles one from a string, which nothing here can. It may declare them itself. On the library's own first line, so that lines in
 * stack traces are its own. What a script declares under the library's name is its result.
 */
export function wrapLibrary({ name, source }: LibrarySource): string {
  const result =
    IDENTIFIER.test(name) && !RESERVED.test(name)
      ? `typeof ${name} === "undefined" ? undefined : ${name}`
      : 'undefined';
  return `((global, self) => function (module, exports) {${neutraliseFileHeader(source)}\n;return ${result};\n})(globalThis, globalThis)`;
}
