import { readFile } from 'node:fs/promises';
import { workerData } from 'node:worker_threads';

import { openArtifact } from '../compiler/artifact.js';
import { toWireError } from '../errors/wire.js';
import { Executor } from './executor.js';
import { decodeRequest, encodeReply, type Reply, type Task, type WorkerSetup } from './protocol.js';

/** tinypool puts its own data first. */
const [, setup] = workerData as [unknown, WorkerSetup];

let executor: Promise<Executor> | undefined;

/** Entry of a pool worker, called by tinypool for every task. Faults become replies: nothing is lost on the way. */
export default async function handle(task: Task): Promise<Uint8Array> {
  Atomics.store(setup.startFlags, task.slot, 1);
  return encodeReply(await answer(task).catch((error: unknown) => ({ kind: 'failed', error: toWireError(error) })));
}

async function answer({ message, bytecode }: Task): Promise<Reply> {
  const request = decodeRequest(message);
  executor ??= createExecutor();
  const ready = await executor;
  switch (request.kind) {
    case 'warm':
      return { kind: 'warm', baseHash: ready.baseHash };
    case 'compile':
      return { kind: 'compiled', outcome: await ready.compileScript(request.source, request.filename) };
    case 'execute':
      return { kind: 'executed', ...(await ready.execute(request, bytecode ?? new Uint8Array())) };
    default:
      throw request satisfies never;
  }
}

async function createExecutor(): Promise<Executor> {
  const sealed = await readFile(new URL('../guest/prelude.qjsc', import.meta.url));
  const prelude = openArtifact(sealed, setup.engine.fingerprint, undefined);
  return Executor.create({ ...setup, prelude: prelude.bytecode });
}
