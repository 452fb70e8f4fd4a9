import { readFile } from 'node:fs/promises';
import { workerData } from 'node:worker_threads';

import { decodePreludeImage } from '../engine/prelude-image.js';
import { NexusError } from '../errors/nexus-error.js';
import { toWireError } from '../errors/wire.js';
import { Executor } from './executor.js';
import { decodeRequest, encodeReply, type Reply } from './protocol.js';
import { type Equipment, type EquipReply, startStamp, type Task, type WorkerSetup } from './task.js';

/** tinypool puts its own data first. */
const [, setup] = workerData as [unknown, WorkerSetup];

const NO_BYTECODE = new Uint8Array(new SharedArrayBuffer(0));

let executor = setup.equipment === undefined ? undefined : createExecutor(setup.equipment);
// Whoever asks first learns why.
executor?.catch(() => {});

/** Entry of a pool worker, called by tinypool for every task. Faults become replies: nothing is lost on the way. */
export default async function handle(task: Task): Promise<EquipReply | Uint8Array> {
  if (task.kind === 'equip') return equip(task.equipment);
  return encodeReply(
    await answer(task).catch((error: unknown) => ({
      kind: 'failed',
      error: toWireError(error),
    })),
  );
}

async function equip(equipment: Equipment): Promise<EquipReply> {
  executor ??= createExecutor(equipment);
  try {
    await executor;
    return {};
  } catch (error) {
    return { error: toWireError(error) };
  }
}

async function answer({ message, slot, bytecode = NO_BYTECODE }: Task & { kind: 'request' }): Promise<Reply> {
  const request = decodeRequest(message);
  if (executor === undefined) throw new NexusError('INTERNAL_ERROR', 'A worker was given work before its engine.');
  const ready = await executor;
  // From here on it is the request's own time: building the base image was not.
  Atomics.store(setup.startTimes, slot, startStamp());
  switch (request.kind) {
    case 'compile':
      return { kind: 'compiled', outcome: await ready.compileScript(request.source, request.filename) };
    case 'execute':
      return { kind: 'executed', ...(await ready.execute(request, bytecode)) };
    case 'resume':
      return { kind: 'executed', ...(await ready.resume(request)) };
    default:
      throw request satisfies never;
  }
}

async function createExecutor(equipment: Equipment): Promise<Executor> {
  const encoded = await readFile(new URL('../guest/prelude.image', import.meta.url));
  return Executor.create({ ...equipment, prelude: decodePreludeImage(encoded, equipment.engine.fingerprint) });
}
