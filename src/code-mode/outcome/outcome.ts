import type { LogEntry, WasmError } from '../../api/result.js';
import type { PendingApproval } from '../calls/approval.js';
import type { CallRecord } from '../calls/journal.js';

/** How a program ended, or where it waits. */
export interface CodeModeOutcome {
  readonly runId: string;
  /** `'suspended'`: it waits for approvals; `'refused'`: it did not run, by the option `policy` or because of faults of types. */
  readonly status: 'success' | 'error' | 'suspended' | 'refused';
  /** What it returned, whole. */
  readonly result?: unknown;
  /** What its console said, from its begin. */
  readonly logs: readonly LogEntry[];
  /** The calls that it made, from its begin, in their order. */
  readonly calls: readonly CallRecord[];
  /** Calls that wait for a decision. */
  readonly pending: readonly PendingApproval[];
  readonly error?: WasmError;
  /** What the model is told. */
  readonly text: string;
}
