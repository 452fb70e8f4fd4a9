/** A problem that a parser found in a script. Its place is as the engine counts, whichever parser it was: see `EnginePlace`. */
export interface ScriptProblem {
  readonly kind: 'syntax' | 'memory' | 'nesting' | 'count' | 'engine';
  readonly message: string;
  /** From 1. Absent if the engine reports none. */
  readonly line?: number;
  readonly column?: number;
}
