/** A problem that a parser found in a script. Its place is as the engine counts, whichever parser it was: see `EnginePlace`. */
export interface ScriptProblem {
  /** `import`: of what is no library, which a linker may find. */
  readonly kind: 'syntax' | 'form' | 'import' | 'memory' | 'nesting' | 'count' | 'engine';
  readonly message: string;
  /** From 1. Absent if the engine reports none. */
  readonly line?: number;
  readonly column?: number;
  /** Whether the message says all that is to be said. @default false */
  readonly isExplained?: boolean;
}

/** The message as a sentence of its own. */
export function sentenceOf({ message }: ScriptProblem): string {
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
}
