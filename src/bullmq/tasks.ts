import { createHash, randomBytes } from 'node:crypto';

import type { ConsumeOptions, Task } from '../api/dispatcher.js';
import type { BullmqConfig } from './options.js';

const ID = /^[A-Za-z0-9_-]{1,128}$/;
const CALL_ID = /^c[1-9]\d{0,14}$/;
const NONCE_BYTES = 9;

/** The queue that a task is put in. */
export function queueOf(task: Task, { name, shards }: BullmqConfig): string {
  if (task.kind === 'call') return callQueue(name, task.extension);
  const shard = createHash('sha256').update(task.runId).digest().readUInt32BE(0) % shards;
  return runQueue(name, task.deployment, shard);
}

/** The queues from which a process takes tasks, with how many of each at a time. */
export function queuesFor(
  { concurrency, deployments, extensions }: ConsumeOptions,
  { name, shards }: BullmqConfig,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const deployment of deployments) {
    for (let shard = 0; shard < shards; shard++)
      found.set(runQueue(name, deployment, shard), Math.ceil(concurrency / shards));
  }
  for (const extension of extensions) found.set(callQueue(name, extension), concurrency);
  return found;
}

function runQueue(name: string, deployment: string, shard: number): string {
  return `${name}-runs-${deployment}${shard === 0 ? '' : `-${shard}`}`;
}

/** Names of extensions may have any character; those of queues no colon. */
function callQueue(name: string, extension: string): string {
  return `${name}-calls-${encodeURIComponent(extension.toWellFormed())}`;
}

/** Another one for each dispatch: BullMQ adds no job under an id that it knows, whatever became of that one. */
export function newJobId(task: Task): string {
  const of = task.kind === 'call' ? `${task.runId}-${task.callId}` : task.runId;
  return `${of}-${randomBytes(NONCE_BYTES).toString('base64url')}`;
}

/** A task as it comes out of a queue, which others may write to; undefined for what is none. */
export function readTask(data: unknown): Task | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { kind, runId, deployment, callId, extension } = data as Readonly<Record<string, unknown>>;
  if (typeof runId !== 'string' || !ID.test(runId)) return undefined;
  if (kind === 'run' && typeof deployment === 'string') return { kind, runId, deployment, key: runId };
  if (kind !== 'call' || typeof callId !== 'string' || !CALL_ID.test(callId)) return undefined;
  if (typeof extension !== 'string') return undefined;
  return { kind, runId, callId, extension, key: `${runId}:${callId}` };
}
