import type { LogEntry } from '../../api/result.js';
import { callNumber } from '../../execution/suspended-run.js';

/** A call that a program made, as the log has it. */
export interface CallRecord {
  /** Unique across runs: what `approve` and `reject` take. */
  readonly callId: string;
  /** The key of the tool. */
  readonly tool: string;
  /** What the program passed. */
  readonly input: unknown;
  /**
   * `'pending'`: it waits for an approval. `'running'`: its program ended before it did. `'refused'`: it was not admitted. `'rejected'`:
   * somebody rejected it. `'abandoned'`: its program ended without waiting for its approval.
   */
  readonly status: 'running' | 'pending' | 'done' | 'failed' | 'refused' | 'rejected' | 'abandoned' | 'reverted';
  /** What the program got. */
  readonly result?: unknown;
  /** What was thrown at its `await`. */
  readonly error?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs?: number;
  /** Whether somebody approved it. */
  readonly isApproved?: true;
  /** Why it could not be undone. */
  readonly revertError?: string;
}

/** What is kept of a run beside its program. */
export interface JournalState {
  readonly calls: readonly CallRecord[];
  readonly logs: readonly LogEntry[];
  /** Paths of the tools that a policy left to it. Default: all */
  readonly allowed?: readonly string[];
}

/** In characters. What is more is left out of what is kept over a suspension: results first, the largest of them. */
const MAX_KEPT = 1024 * 1024;
const LEFT_OUT = '[left out: the run has more than can be kept while it waits]';

/** The calls and the console of one run, in this process and, while it waits, in the store. */
export class Journal {
  #calls = new Map<string, CallRecord>();
  #logs: LogEntry[] = [];
  #last: readonly LogEntry[] | undefined;
  #allowed: readonly string[] | undefined;

  /** In the order in which the program made them. */
  get calls(): readonly CallRecord[] {
    return [...this.#calls.values()].sort((a, b) => numberOf(a) - numberOf(b));
  }

  get logs(): readonly LogEntry[] {
    return this.#logs;
  }

  get allowed(): readonly string[] | undefined {
    return this.#allowed;
  }

  allow(paths: readonly string[]): void {
    this.#allowed = paths;
  }

  note(record: CallRecord): void {
    this.#calls.set(record.callId, record);
  }

  change(callId: string, changes: Partial<CallRecord>): void {
    const known = this.#calls.get(callId);
    if (known !== undefined) this.#calls.set(callId, { ...known, ...changes });
  }

  get(callId: string): CallRecord | undefined {
    return this.#calls.get(callId);
  }

  /** Adds the console of a segment. The same again is ignored: it is told once when it is recorded, and once more if that is repeated. */
  log(entries: readonly LogEntry[]): void {
    if (entries === this.#last) return;
    this.#last = entries;
    for (const entry of entries) this.#logs.push(entry);
  }

  /** As JSON, bounded. */
  write(): string {
    const state: JournalState = {
      calls: this.calls,
      logs: this.#logs,
      ...(this.#allowed !== undefined && { allowed: this.#allowed }),
    };
    const whole = JSON.stringify(state, plain);
    if (whole.length <= MAX_KEPT) return whole;
    const logs = this.#logs.slice(-100).map(({ level, message }) => ({ level, message: message.slice(0, 1_000) }));
    const lengths = this.calls.map((call) => JSON.stringify(call.result, plain)?.length ?? 0);
    const calls = this.calls.map((call, index) =>
      (lengths[index] as number) > 1_000 ? { ...call, result: LEFT_OUT } : call,
    );
    const less = JSON.stringify({ ...state, calls, logs }, plain);
    if (less.length <= MAX_KEPT) return less;
    const bare = calls.map(({ input: _, result: __, error: ___, ...rest }) => ({ ...rest, input: LEFT_OUT }));
    return JSON.stringify({ ...state, calls: bare.slice(-2_000), logs: [] }, plain);
  }

  /** @param text of {@link write}; it was sealed */
  read(text: string): void {
    const { calls, logs, allowed } = JSON.parse(text) as JournalState;
    this.#calls = new Map(calls.map((call) => [call.callId, call]));
    this.#logs = [...logs];
    this.#allowed = allowed;
  }
}

/** Calls of a run are numbered: `run-1:c7` is the seventh. */
function numberOf({ callId }: CallRecord): number {
  return callNumber(callId.slice(callId.lastIndexOf(':') + 1));
}

/** What JSON has no word for. */
export function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  return value;
}

/** A value as it would be after JSON, see {@link plain}. */
export function jsonCopy(value: unknown): unknown {
  const text = JSON.stringify(value, plain) as string | undefined;
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

/** A copy as JSON, for the log: what the application or the program does with the value later is not in it. */
export function copyForLog(value: unknown): unknown {
  try {
    return jsonCopy(value);
  } catch {
    return '[cannot be written as JSON]';
  }
}
