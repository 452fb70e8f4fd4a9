import { readFile } from 'node:fs/promises';

import { decodePreludeImage } from '../engine/image/prelude-image.js';
import { toWireError } from '../errors/wire.js';
import { decodeBatch, encodeReplies } from '../protocol/batch-codec.js';
import { ControlBlock } from '../protocol/control-block.js';
import { Mailbox } from '../protocol/mailbox.js';
import type { Reply, Request } from '../protocol/messages.js';
import type { InitReply, InitTask, WorkerInit, WorkerSetup } from '../protocol/worker-init.js';
import { withDescriptor } from '../support/files/descriptors.js';
import { setImmediate } from '../support/timers.js';
import { Executor } from './executor.js';

/** Entry of a pool worker: called by tinypool, once. */
export default async function initialize({ init, setup }: InitTask): Promise<InitReply> {
  try {
    const executor = await createExecutor(init);
    // After the reply is on its way: from then on the thread waits for work and for nothing else.
    setImmediate(() => void serve(executor, setup));
    return { memoryBytes: executor.memoryBytes };
  } catch (error) {
    return { error: toWireError(error) };
  }
}

async function serve(executor: Executor, setup: WorkerSetup): Promise<never> {
  const control = new ControlBlock(setup.control);
  const mailbox = Mailbox.open(setup.mailbox);
  for (;;) {
    const requests = decodeBatch(mailbox.receiveSync());
    const replies: (Reply | undefined)[] = [];
    for (const [item, request] of requests.entries()) {
      if (control.claim(item)) {
        // Faults become replies: nothing is lost on the way.
        replies.push(await answer(executor, request, () => control.isCancelled(item)).catch(failed));
        control.finish(item);
      } else replies.push(undefined);
    }
    mailbox.send(encodeReplies(replies, executor.memoryBytes));
    await executor.tidy(() => mailbox.hasMessage);
  }
}

async function answer(executor: Executor, request: Request, isCancelled: () => boolean): Promise<Reply> {
  switch (request.kind) {
    case 'compile':
      return { kind: 'compiled', outcome: await executor.compileHandler(textOf(request.source), request.filename) };
    case 'execute':
      return { kind: 'executed', ...(await executor.execute(request, request.bytecode, isCancelled)) };
    case 'resume':
      return { kind: 'executed', ...(await executor.resume(request, isCancelled)) };
    case 'load':
      await executor.load(request.key, request.bytecode);
      return { kind: 'loaded' };
    default:
      throw request satisfies never;
  }
}

function textOf(source: string | Uint8Array): string {
  if (typeof source === 'string') return source;
  return Buffer.from(source.buffer, source.byteOffset, source.length).toString('utf8');
}

function failed(error: unknown): Reply {
  return { kind: 'failed', error: toWireError(error) };
}

async function createExecutor(init: WorkerInit): Promise<Executor> {
  const encoded = await withDescriptor(() => readFile(new URL('../guest/prelude.image', import.meta.url)));
  return Executor.create({ ...init, prelude: decodePreludeImage(encoded, init.engine.fingerprint) });
}
