import type { ToolCallInfo } from '../tools/tool.js';

/** What becomes of a call: it is made, somebody is asked, or it is refused with a reason that the program and the model get. */
export type ApprovalDecision = 'allow' | 'ask' | { readonly refuse: string };

/** A call before it is made. */
export interface CallToDecide extends ToolCallInfo {
  /** As the schema of the tool made it. */
  readonly input: unknown;
}

/** Decides each call, before the tool's own `needsApproval`, which counts if it returns undefined. What it throws refuses the call. */
export type Approval = (call: CallToDecide) => ApprovalDecision | undefined | Promise<ApprovalDecision | undefined>;

/** A call that waits for somebody's decision. */
export interface PendingApproval {
  readonly runId: string;
  /** What `approve` and `reject` take. Unique across runs. */
  readonly callId: string;
  /** The key of the tool. */
  readonly tool: string;
  /** What the program passed. */
  readonly input: unknown;
  /** After that, the run has expired. */
  readonly expiresAt: Date;
}
