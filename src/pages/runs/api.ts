// What the server says of runs, as JSON.
import type {
  RunHistory,
  RunHistoryCall,
  RunHistoryMessage,
  RunHistorySegment,
} from '../../api/observing/run-history.js';
import { ask, RequestRefusal, request } from '../shared/api.js';

export interface ListedRun {
  readonly runId?: string;
  readonly state: 'waiting' | 'ended' | 'damaged';
  readonly outcome?: 'completed' | 'failed' | 'cancelled' | 'expired';
  readonly suspensionId: string;
  readonly deployment?: string;
  readonly tenant?: string;
  readonly handlerName?: string;
  readonly expiresAt?: string;
}

export interface Call {
  readonly callId: string;
  readonly extensionName: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface ShownRun extends ListedRun {
  readonly runId: string;
  readonly state: 'waiting' | 'ended';
  readonly step: number;
  readonly startedAt?: string;
  readonly calls: readonly Call[];
  readonly timers: readonly string[];
}

/** A value as the server writes it in JSON. */
type InJson<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly InJson<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: InJson<T[Key]> }
      : T;

export type SegmentEntry = InJson<RunHistorySegment>;
export type CallEntry = InJson<RunHistoryCall>;
export type MessageEntry = InJson<RunHistoryMessage>;
export type HistoryEntry = SegmentEntry | CallEntry | MessageEntry;
export type ShownHistory = InJson<RunHistory>;

export interface RunPage {
  readonly runs: readonly ListedRun[];
  readonly isCut: boolean;
  readonly next?: string;
}

export interface Filter {
  readonly state: string;
  readonly handlerName: string;
  readonly tenant: string;
}

export function listRuns(
  filter: Filter,
  after: string | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<RunPage> {
  return ask<RunPage>('runs', { query: { ...filter, after, limit }, signal });
}

export function describeRun(runId: string, signal: AbortSignal): Promise<ShownRun> {
  return ask<ShownRun>(pathOf(runId), { signal });
}

export function historyOf(runId: string, signal: AbortSignal): Promise<ShownHistory> {
  return ask<ShownHistory>(`${pathOf(runId)}/history`, { signal });
}

/** The result as JSON text. @returns undefined if it is no longer kept */
export async function resultOf(runId: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await (await request(`${pathOf(runId)}/result`, { query: { timeoutMs: 1_000 }, signal })).text();
  } catch (error) {
    if (error instanceof RequestRefusal && [404, 410, 504].includes(error.status)) return undefined;
    throw error;
  }
}

export async function answerCall(runId: string, callId: string, answer: unknown): Promise<string> {
  const path = `${pathOf(runId)}/calls/${encodeURIComponent(callId)}`;
  return (await ask<{ readonly outcome: string }>(path, { method: 'POST', body: answer })).outcome;
}

export async function signalRun(runId: string, name: string, payload: unknown): Promise<string> {
  const body = { name, ...(payload !== undefined && { payload }) };
  return (await ask<{ readonly outcome: string }>(`${pathOf(runId)}/signals`, { method: 'POST', body })).outcome;
}

export async function cancelRun(runId: string): Promise<boolean> {
  return (await ask<{ readonly cancelled: boolean }>(pathOf(runId), { method: 'DELETE' })).cancelled;
}

export async function retryRun(runId: string): Promise<string> {
  return (await ask<{ readonly outcome: string }>(`${pathOf(runId)}/retry`, { method: 'POST' })).outcome;
}

function pathOf(runId: string): string {
  return `runs/${encodeURIComponent(runId)}`;
}
