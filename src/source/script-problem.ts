/** What the parser said about a script, in the coordinates of the text it was given. */
export interface ScriptProblem {
  readonly kind: 'syntax' | 'memory' | 'nesting' | 'count' | 'engine';
  readonly message: string;
  /** From 1. Absent where the engine names none. */
  readonly line?: number;
  readonly column?: number;
}
