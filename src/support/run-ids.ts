import { randomBytes } from 'node:crypto';

const RUN_ID_BYTES = 16;
const ID = /^([A-Za-z0-9_-]{22})\.([1-9][0-9]{0,8})$/;

export interface SuspensionId {
  readonly runId: string;
  /** From 1. */
  readonly generation: number;
}

/** perf: to ask the system for randomness takes longer than the rest of a small run, however little it is. */
const IDS_AT_ONCE = 64;
let random = Buffer.alloc(0);

/** 128 random bits, base64url. */
export function newRunId(): string {
  if (random.length === 0) random = randomBytes(RUN_ID_BYTES * IDS_AT_ONCE);
  const id = random.toString('base64url', 0, RUN_ID_BYTES);
  random = random.subarray(RUN_ID_BYTES);
  return id;
}

export function formatSuspensionId({ runId, generation }: SuspensionId): string {
  return `${runId}.${generation}`;
}

/** Undefined for a malformed id. Only the result may become part of a path. */
export function parseSuspensionId(id: string): SuspensionId | undefined {
  const [, runId, generation] = ID.exec(id) ?? [];
  return runId === undefined ? undefined : { runId, generation: Number(generation) };
}

/** The run of an id that was checked. */
export function runIdOf(id: string): string {
  return parseSuspensionId(id)?.runId as string;
}

/** The id of the following generation. */
export function nextSuspensionId({ runId, generation }: SuspensionId): string {
  return formatSuspensionId({ runId, generation: generation + 1 });
}

/** The id under which a suspension continues. */
export function idAfter(id: string): string | undefined {
  const parsed = parseSuspensionId(id);
  return parsed && nextSuspensionId(parsed);
}

/** The id of the previous generation; undefined for the first of a run. */
export function idBefore(id: string): string | undefined {
  const parsed = parseSuspensionId(id);
  if (parsed === undefined || parsed.generation === 1) return undefined;
  return formatSuspensionId({ ...parsed, generation: parsed.generation - 1 });
}
