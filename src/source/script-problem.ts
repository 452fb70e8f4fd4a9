/** A problem that a parser found in a script, in the coordinates of its text. */
export interface ScriptProblem {
  readonly kind: 'syntax' | 'memory' | 'nesting' | 'count' | 'engine';
  readonly message: string;
  /** From 1. Absent if the engine reports none. */
  readonly line?: number;
  readonly column?: number;
}
