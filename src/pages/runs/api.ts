// What the server says of runs, as JSON.
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

interface At {
  readonly at: string;
}

export interface SegmentEntry extends At {
  readonly kind: 'segment';
  readonly step: number;
  readonly durationMs: number;
  readonly status: 'success' | 'suspended' | 'error';
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly snippet?: string;
    readonly location?: { readonly line: number; readonly column: number; readonly file?: string };
  };
  readonly mutations: number;
  readonly events: number;
  readonly viewCommands: number;
  readonly effects?: string;
  readonly logs: readonly { readonly level: string; readonly message: string }[];
  readonly omittedLogs: number;
  readonly waitsFor: readonly string[];
  readonly wakeAt?: string;
}

export interface CallEntry extends At {
  readonly kind: 'call';
  readonly callId: string;
  readonly name: string;
  readonly args: string;
  readonly durationMs?: number;
  readonly outcome?: 'success' | 'error' | 'later';
  readonly answer?: string;
  readonly retries: number;
}

export interface MessageEntry extends At {
  readonly kind: 'answer' | 'signal' | 'cancel' | 'retry';
  readonly name?: string;
  readonly value?: string;
}

export type HistoryEntry = SegmentEntry | CallEntry | MessageEntry;

export interface ShownHistory {
  readonly runId: string;
  readonly entries: readonly HistoryEntry[];
  readonly omitted: number;
}

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
