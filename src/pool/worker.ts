import { readFile } from 'node:fs/promises';
import { workerData } from 'node:worker_threads';

import { decodePreludeImage } from '../engine/prelude-image.js';
import { NexusError } from '../errors/nexus-error.js';
import { toWireError } from '../errors/wire.js';
import { decodeBatch, encodeReplies } from './batch-codec.js';
import { ControlBlock } from './control-block.js';
import { Executor } from './executor.js';
import type { Reply, Request } from './protocol.js';
import type { Equipment, EquipReply, Task, WorkerSetup } from './task.js';

/** tinypool puts its own data first. */
const [, setup] = workerData as [unknown, WorkerSetup];
const control = new ControlBlock(setup.control);
let executor: Executor | undefined;

/** Entry of a pool worker, called by tinypool for every task. Faults become replies: nothing is lost on the way. */
export default async function handle(task: Task): Promise<EquipReply | Uint8Array> {
  if (task.kind === 'equip') return equip(task.equipment);
  const replies: (Reply | undefined)[] = [];
  for (const [item, request] of decodeBatch(task).entries()) {
    if (!control.claim(item)) {
      replies.push(undefined);
      continue;
    }
    const isCancelled = () => control.isCancelled(item);
    replies.push(await answer(request, isCancelled).catch(failed));
    control.finish(item);
  }
  return encodeReplies(replies);
}

async function equip(equipment: Equipment): Promise<EquipReply> {
  try {
    executor = await createExecutor(equipment);
    return {};
  } catch (error) {
    return { error: toWireError(error) };
  }
}

async function answer(request: Request, isCancelled: () => boolean): Promise<Reply> {
  if (executor === undefined) throw new NexusError('INTERNAL_ERROR', 'A worker was given work before its engine.');
  switch (request.kind) {
    case 'compile':
      return { kind: 'compiled', outcome: await executor.compileScript(request.source, request.filename) };
    case 'execute':
      return { kind: 'executed', ...(await executor.execute(request, request.bytecode, isCancelled)) };
    case 'resume':
      return { kind: 'executed', ...(await executor.resume(request, isCancelled)) };
    case 'load':
      executor.load(request.key, request.bytecode);
      return { kind: 'loaded' };
    default:
      throw request satisfies never;
  }
}

function failed(error: unknown): Reply {
  return { kind: 'failed', error: toWireError(error) };
}

async function createExecutor(equipment: Equipment): Promise<Executor> {
  const encoded = await readFile(new URL('../guest/prelude.image', import.meta.url));
  return Executor.create({ ...equipment, prelude: decodePreludeImage(encoded, equipment.engine.fingerprint) });
}
