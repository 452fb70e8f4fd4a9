import { renderIssues, type SchemaIssue } from './issues.js';

/** Registered, so that every copy of the package knows it. It is not a field of the error, so handlers do not get it. */
const MISMATCH = Symbol.for('nexus-runtime.output-mismatch');

/** What a handler gets that passes something else than the method takes. Its fields go with it. */
export class InputMismatch extends TypeError {
  override readonly name = 'ValidationError';
  readonly issues: readonly SchemaIssue[];

  /** @param method as `http.get` */
  constructor(method: string, issues: readonly SchemaIssue[]) {
    super(`${method}: ${renderIssues(issues)}`);
    this.issues = issues;
  }
}

/** What is wrong with the answer of a method: for the operator. */
export interface OutputFault {
  /** As `http.get`. */
  readonly method: string;
  readonly issues: readonly SchemaIssue[];
  /** What the schema threw, if it did. */
  readonly cause?: unknown;
}

/** What a handler gets when an answer is not what the method promises. The author cannot mend it, so it tells no details. */
export class OutputMismatch extends Error {
  readonly #fault: OutputFault;

  /** The fault is no field and no cause of the error: those go to the handler with it. */
  constructor(fault: OutputFault) {
    super(`${fault.method} answered something that does not match its output schema`);
    this.#fault = fault;
  }

  get [MISMATCH](): OutputFault {
    return this.#fault;
  }

  /** For tests of the application: what does not match. */
  get issues(): readonly SchemaIssue[] {
    return this.#fault.issues;
  }
}

/** What is wrong with an answer, if that is what an extension threw. */
export function outputFaultOf(error: unknown): OutputFault | undefined {
  return error instanceof Error && MISMATCH in error ? (error[MISMATCH] as OutputFault) : undefined;
}
