import { randomBytes } from 'node:crypto';

const RUN_ID_BYTES = 16;
const ID = /^([A-Za-z0-9_-]{22})\.([1-9][0-9]{0,8})$/;

export interface SuspensionId {
  readonly runId: string;
  /** From 1. */
  readonly generation: number;
}

/** 128 random bits, base64url. */
export function newRunId(): string {
  return randomBytes(RUN_ID_BYTES).toString('base64url');
}

export function formatSuspensionId({ runId, generation }: SuspensionId): string {
  return `${runId}.${generation}`;
}

/** Undefined for what is no id. Nothing else may become part of a path. */
export function parseSuspensionId(id: string): SuspensionId | undefined {
  const [, runId, generation] = ID.exec(id) ?? [];
  return runId === undefined ? undefined : { runId, generation: Number(generation) };
}

/** The id of the generation after this one. */
export function nextSuspensionId({ runId, generation }: SuspensionId): string {
  return formatSuspensionId({ runId, generation: generation + 1 });
}
