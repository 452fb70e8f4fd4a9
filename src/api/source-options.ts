/** Code of the application around a handler. It has the globals of handlers and shares the function with the source. */
export interface SourceWrap {
  /** What precedes the source: `'const module = { exports: {} };'`. @default none */
  readonly prologue?: string;
  /** What follows it: `'return module.exports($args);'`. @default none */
  readonly epilogue?: string;
}

/** How a source is read, wherever one is passed. An artifact is compiled already. */
export interface SourceOptions {
  /**
   * Code around the source, which is then the body of a function whatever its form. Lines, columns and snippets are those of the source
   * alone. Part of the cache key; `inferCapabilities` needs the same. Default: the runtime's `wrap`
   */
  readonly wrap?: SourceWrap;
  /** Whether a body that ends with an expression returns it, as a console does. Part of the cache key. @default false */
  readonly returnLastExpression?: boolean;
  /**
   * `'model'`: what stands outside of the first Markdown fence with code is replaced by blanks, as language models write it. A source
   * without a fence, and one that parses with it, stays as it is. Lines and columns are those of the whole text. A body without a `return`
   * at its top level returns its last expression if that calls what the body declares (`main();`) or is pointless otherwise, and is
   * INVALID_HANDLER if it only declares what nothing calls. A `wrap` without an epilogue then precedes the program whatever its form, as
   * declarations that all of it can use. Part of the cache key. @default none
   */
  readonly normalise?: 'model';
}

/** Options of a compilation. */
export interface CompileOptions extends SourceOptions {
  /** As `ExecuteOptions.filename`. @default 'handler.js' */
  readonly filename?: string;
  /**
   * Whether the source and its source map are kept with the bytecode, in artifacts and in the cache. Without them, errors have the line and
   * column of the text that was compiled, and no snippet. Part of the cache key. Default: the runtime's `source`
   */
  readonly source?: boolean;
}
