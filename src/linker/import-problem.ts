/** Why a module cannot be imported, for the author. */
export interface ImportProblem {
  readonly reason: 'builtin' | 'not-listed' | 'missing-file' | 'outside' | 'kind' | 'version' | 'failed';
  /** What is imported, as the source names it. */
  readonly specifier: string;
  readonly message: string;
}

export function problem(reason: ImportProblem['reason'], specifier: string, message: string): ImportProblem {
  return { reason, specifier, message };
}

export function isImportProblem(value: unknown): value is ImportProblem {
  return typeof value === 'object' && value !== null && 'reason' in value && 'specifier' in value && 'message' in value;
}
