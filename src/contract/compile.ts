/** What the parser said about a script, in the coordinates of the text it was given. */
export interface ScriptProblem {
  readonly kind: 'syntax' | 'memory' | 'nesting' | 'time';
  readonly message: string;
  /** From 1. Absent where the engine names none. */
  readonly line?: number;
  readonly column?: number;
}

export type ScriptOutcome =
  | { readonly ok: true; readonly bytecode: Uint8Array }
  | { readonly ok: false; readonly problem: ScriptProblem };

/** Source in, bytecode out, in a worker. */
export interface CompileBackend {
  compileScript(source: string, filename: string): Promise<ScriptOutcome>;
}
