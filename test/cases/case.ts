/** One input of an author, and what is to come of it, wherever it runs. */
export interface Case {
  readonly name: string;
  readonly source: string;
  readonly context?: Readonly<Record<string, unknown>>;
  /** @default 'handler.js' */
  readonly filename?: string;
  /** @default the default export */
  readonly entry?: string;
  readonly value?: unknown;
  /** All that was logged, a line each. */
  readonly log?: readonly string[];
  readonly error?: {
    readonly code?: string;
    /** The whole message. */
    readonly message: string;
    readonly line?: number;
    /** Of a source that begins on the first line, where nothing stands before it. */
    readonly column?: number;
    /** Further fields, as `toMatchObject` has them. */
    readonly with?: Readonly<Record<string, unknown>>;
  };
}
