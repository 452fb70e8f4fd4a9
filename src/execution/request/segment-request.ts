import type { ExecutionLimits } from '../../api/limits.js';
import type { CompileResult } from '../../compiler/compiled-handler.js';
import type { LocaleSettings } from '../../config/locale.js';
import type { LibrarySet } from '../../protocol/library-set.js';
import type { CallDeadline, Request, ResumeTerms } from '../../protocol/messages.js';
import type { Mutable } from '../../support/mutable.js';
import { performance } from '../../support/timers.js';
import type { LogFeed } from '../log-feed.js';
import type { SuspendedRun } from '../suspended-run.js';
import type { PreparedRequest } from './build-request.js';
import type { ResumeOptions } from './execute-options.js';

type ExecuteRequestMessage = Extract<Request, { kind: 'execute' }>;
type ResumeRequestMessage = Extract<Request, { kind: 'resume' }>;

/** perf: what is not always there is assigned, because spreading it costs as much as the rest of a small request. */
export function executeRequestOf(
  { key, bytecode, librarySet }: CompileResult,
  { input, encodedGrants, limits, packed, leftOut, now, seed, localeSettings, prepared }: PreparedRequest['request'],
  tenant: string | undefined,
  deadline: CallDeadline | undefined,
  feed: LogFeed | undefined,
): ExecuteRequestMessage {
  const request: Mutable<ExecuteRequestMessage> = { kind: 'execute', key, bytecode, input, encodedGrants, limits };
  if (packed !== undefined) request.packed = packed;
  if (leftOut !== undefined) request.leftOut = leftOut;
  if (now !== undefined) request.now = now;
  if (seed !== undefined) request.seed = seed;
  if (localeSettings !== undefined) request.localeSettings = localeSettings;
  if (tenant !== undefined) request.tenant = tenant;
  if (deadline !== undefined) request.deadline = deadline;
  if (feed !== undefined) request.logRing = feed.bytes;
  if (librarySet !== undefined) request.librarySet = librarySet;
  if (prepared !== undefined) request.prepared = prepared;
  return request;
}

/** The request of the tenant that started the handler, whichever caller answers: its data is theirs. */
export function resumeRequestOf(
  {
    handler,
    snapshot,
    checkpoint,
    imageHash,
    features,
    tenant,
    usage,
    localeSettings,
    leftOut,
    prepared,
    image,
  }: SuspendedRun,
  answers: Uint8Array,
  limits: ExecutionLimits,
  { now, deadlineMs }: ResumeOptions,
  calledAt: number,
  librarySet: LibrarySet | undefined,
  renewal?: Uint8Array,
  terms?: ResumeTerms,
): ResumeRequestMessage {
  const request: Mutable<ResumeRequestMessage> = {
    kind: 'resume',
    key: handler.key,
    snapshot,
    imageHash,
    features,
    answers,
    limits,
    instructionsBefore: usage.maxInstructions ?? 0,
  };
  if (terms !== undefined) request.terms = terms;
  if (leftOut !== undefined) request.leftOut = 'kept';
  if (checkpoint !== undefined) request.checkpoint = checkpoint;
  if (tenant !== undefined) request.tenant = tenant;
  if (now !== undefined) request.now = now;
  if (localeSettings !== undefined) request.localeSettings = localeSettings;
  if (deadlineMs !== undefined) request.deadline = deadlineOf(calledAt, deadlineMs);
  if (librarySet !== undefined) request.librarySet = librarySet;
  if (prepared !== undefined) request.prepared = prepared;
  if (image !== undefined) request.image = image;
  if (renewal !== undefined) request.renewal = renewal;
  return request;
}

export function tenantOf(tenant: string | undefined): { readonly tenant?: string } {
  return tenant === undefined ? {} : { tenant };
}

export function localeOf(localeSettings: LocaleSettings | undefined): { readonly localeSettings?: LocaleSettings } {
  return localeSettings === undefined ? {} : { localeSettings };
}

export function deadlineOf(calledAt: number, deadlineMs: number): CallDeadline {
  return { ms: deadlineMs, atMs: performance.timeOrigin + calledAt + deadlineMs };
}
