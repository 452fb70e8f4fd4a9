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

/** A call that waits for a compilation: it is admitted, and takes its turn, as the call's execution will. */
export interface CompileOrder {
  readonly tenant?: string | undefined;
  readonly queueTimeoutMs?: number | undefined;
}

/** Source in, bytecode out, in a worker. */
export interface CompileBackend {
  /** @param order absent when nobody's call waits for it */
  compileScript(source: string, filename: string, order?: CompileOrder): Promise<ScriptOutcome>;
}
