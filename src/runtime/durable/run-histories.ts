import type {
  RunHistory,
  RunHistoryCall,
  RunHistoryEntry,
  RunHistoryMessage,
} from '../../api/observing/run-history.js';
import type { ExtensionCall, LogEntry, WasmResult } from '../../api/result.js';
import { callName } from '../../execution/own-call-kinds.js';
import { firstDueMs } from '../../execution/own-calls.js';
import { toJson } from '../../execution/result/to-json.js';
import type { SegmentRun } from '../../execution/segment-runner.js';
import { cutCopy } from '../../support/cut-copy.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import type { Mutable } from '../../support/mutable.js';
import { performance } from '../../support/timers.js';

const MAX_ENTRIES = 200;
/** Of all runs together, as texts. Runs that nothing happened to for longest are forgotten. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_VALUE_BYTES = 2_000;
const MAX_EFFECTS_BYTES = 4_000;
const MAX_LOGS = 50;
const MAX_LOG = 500;
const MAX_MESSAGE = 1_000;
const MAX_SNIPPET = 2_000;
/** Of an entry without its texts. */
const ENTRY_BYTES = 400;

interface Kept {
  readonly tenant: string | undefined;
  readonly entries: RunHistoryEntry[];
  omitted: number;
  bytes: number;
}

/** A call that was begun. */
export interface BegunCall {
  /** It failed, and is made again. */
  retried(): void;
  /** @param outcome undefined if the answer comes from elsewhere */
  ended(outcome: { readonly success: boolean; readonly value?: unknown; readonly error?: unknown } | undefined): void;
}

/** What this process saw of runs, for people. It is bounded, kept in memory, and nothing depends on it. */
export class RunHistories {
  readonly #environment: RuntimeEnvironment;
  /** By run; the one that something happened to last is last. */
  readonly #runs = new Map<string, Kept>();
  #bytes = 0;

  constructor(environment: RuntimeEnvironment) {
    this.#environment = environment;
  }

  /** @returns undefined if nothing is known of it here */
  of(runId: string): RunHistory | undefined {
    const kept = this.#runs.get(runId);
    if (kept === undefined) return undefined;
    return { runId, entries: kept.entries.map((entry) => ({ ...entry })), omitted: kept.omitted };
  }

  /** @param startedAt as `performance.now()` has it */
  segment(
    { runId, tenant }: { readonly runId: string; readonly tenant?: string | undefined },
    step: number,
    { result, waiting }: SegmentRun,
    startedAt: number,
  ): void {
    const { status, error, stateMutations, events, viewCommands, logs } = result;
    const durationMs = performance.now() - startedAt;
    const count = stateMutations.length + events.length + viewCommands.length;
    const dueAtMs = waiting && firstDueMs(waiting.run);
    const effects = { stateMutations, events, viewCommands };
    this.#add(runId, tenant, {
      kind: 'segment',
      step,
      at: new Date(this.#environment.now() - durationMs),
      durationMs,
      status,
      ...(error && { error: shortError(error) }),
      mutations: stateMutations.length,
      events: events.length,
      viewCommands: viewCommands.length,
      ...(count > 0 && { effects: toJson(effects, { maxBytes: MAX_EFFECTS_BYTES }) }),
      logs: logs.slice(0, MAX_LOGS).map(shortLog),
      omittedLogs: Math.max(0, logs.length - MAX_LOGS),
      waitsFor: (waiting?.calls ?? []).slice(0, MAX_LOGS).map((call) => cutCopy(callName(call), MAX_LOG)),
      ...(dueAtMs !== undefined && { wakeAt: new Date(dueAtMs) }),
    });
  }

  call(runId: string, tenant: string | undefined, call: ExtensionCall): BegunCall {
    const startedAt = performance.now();
    const entry: Mutable<RunHistoryCall> = {
      kind: 'call',
      callId: call.callId,
      name: cutCopy(callName(call), MAX_LOG),
      args: jsonOf(call.args),
      at: new Date(this.#environment.now()),
      retries: 0,
    };
    this.#add(runId, tenant, entry);
    return {
      retried() {
        entry.retries++;
      },
      ended: (outcome) => {
        entry.durationMs = performance.now() - startedAt;
        entry.outcome = outcome === undefined ? 'later' : outcome.success ? 'success' : 'error';
        if (outcome === undefined) return;
        entry.answer = jsonOf(outcome.success ? outcome.value : outcome.error);
        const kept = this.#runs.get(runId);
        if (kept?.entries.includes(entry)) this.#grow(kept, entry.answer.length);
      },
    };
  }

  message(
    runId: string,
    tenant: string | undefined,
    { value, name, ...message }: Omit<RunHistoryMessage, 'at' | 'value'> & { readonly value?: unknown },
  ): void {
    this.#add(runId, tenant, {
      ...message,
      at: new Date(this.#environment.now()),
      ...(name !== undefined && { name: cutCopy(name, MAX_LOG) }),
      ...(value !== undefined && { value: jsonOf(value) }),
    });
  }

  forget(isForgotten: (runId: string, tenant: string | undefined) => boolean): void {
    for (const [runId, kept] of this.#runs) if (isForgotten(runId, kept.tenant)) this.#drop(runId, kept);
  }

  #add(runId: string, tenant: string | undefined, entry: RunHistoryEntry): void {
    const kept = this.#runs.get(runId) ?? { tenant, entries: [], omitted: 0, bytes: 0 };
    this.#runs.delete(runId);
    this.#runs.set(runId, kept);
    kept.entries.push(entry);
    this.#grow(kept, sizeOf(entry));
    while (kept.entries.length > MAX_ENTRIES) {
      const oldest = kept.entries.shift();
      kept.omitted++;
      if (oldest !== undefined) this.#grow(kept, -sizeOf(oldest));
    }
    for (const [oldest, other] of this.#runs) {
      if (this.#bytes <= MAX_BYTES || oldest === runId) return;
      this.#drop(oldest, other);
    }
  }

  #grow(kept: Kept, bytes: number): void {
    kept.bytes += bytes;
    this.#bytes += bytes;
  }

  #drop(runId: string, kept: Kept): void {
    this.#runs.delete(runId);
    this.#bytes -= kept.bytes;
  }
}

function jsonOf(value: unknown): string {
  return toJson(value, { maxBytes: MAX_VALUE_BYTES });
}

function shortError({ code, message, location, snippet }: NonNullable<WasmResult['error']>) {
  return {
    ...{ code, message: cutCopy(message, MAX_MESSAGE) },
    ...(location !== undefined && { location }),
    ...(snippet !== undefined && { snippet: cutCopy(snippet, MAX_SNIPPET) }),
  };
}

function shortLog({ level, message, omitted }: LogEntry): LogEntry {
  return { level, message: cutCopy(message, MAX_LOG), ...(omitted !== undefined && { omitted }) };
}

function sizeOf(entry: RunHistoryEntry): number {
  if (entry.kind === 'call') return ENTRY_BYTES + entry.args.length + (entry.answer?.length ?? 0);
  if (entry.kind !== 'segment') return ENTRY_BYTES + (entry.value?.length ?? 0);
  let bytes = ENTRY_BYTES + (entry.effects?.length ?? 0);
  for (const { message } of entry.logs) bytes += message.length;
  const { message = '', snippet = '' } = entry.error ?? {};
  return bytes + message.length + snippet.length;
}
