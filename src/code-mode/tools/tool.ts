import type { Schema, SchemaInput, SchemaOutput } from '../../api/schema.js';

/** What `execute`, `needsApproval` and `revert` are told about a call. */
export interface ToolCallInfo {
  /** The key of the tool, as it was given to `createCodeMode`. */
  readonly tool: string;
  /** The run of the program. */
  readonly runId: string;
  /** The same each time that this call is made, and different from all other calls of all runs: an idempotency key. */
  readonly callId: string;
  /** Aborted when the answer is no longer needed. */
  readonly signal: AbortSignal;
  /** Whether somebody approved it. */
  readonly isApproved: boolean;
}

/**
 * Something that programs can call.
 *
 * @typeParam Input a schema of what it takes
 * @typeParam Output a schema of what it gives
 */
export interface Tool<Input extends Schema = Schema, Output extends Schema = Schema> {
  /** For the model: what it does, and when to use it. */
  readonly description?: string;
  /** A schema of zod, valibot, arktype or as JSON Schema. The program's argument is checked with it, and the tool gets what it makes of that. */
  readonly inputSchema: Input;
  /** What `execute` answers is checked with it, and the program gets what it makes of that. @default unknown, not checked */
  readonly outputSchema?: Output;
  /**
   * Does it. What it throws is thrown at the `await` of the program. It may be called again with the same `callId` if the process dies before
   * its answer was recorded.
   */
  readonly execute: (
    input: SchemaOutput<Input>,
    info: ToolCallInfo,
  ) => SchemaInput<Output> | Promise<SchemaInput<Output>>;
  /** Whether the program waits for an approval before it is done. A function decides for each call. @default false */
  readonly needsApproval?: boolean | ((input: SchemaOutput<Input>, info: ToolCallInfo) => boolean | Promise<boolean>);
  /**
   * Undoes a call that was made, when the program fails and the option `revert` says so. It may be called again with the same `callId`.
   *
   * @param call its input and result, as JSON
   */
  readonly revert?: (
    call: { readonly input: unknown; readonly result: unknown },
    info: Omit<ToolCallInfo, 'signal' | 'isApproved'>,
  ) => unknown;
}

/** Tools by key. `'github.createIssue'` is `tools.github.createIssue` in programs; of any other key an identifier is made. */
// biome-ignore lint/suspicious/noExplicitAny: tools of different schemas are in one object.
export type Tools = Readonly<Record<string, Tool<any, any>>>;
