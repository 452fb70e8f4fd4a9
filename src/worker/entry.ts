import { readFile } from 'node:fs/promises';

import { decodePreludeImage } from '../engine/image/prelude-image.js';
import { toWireError } from '../errors/wire.js';
import { nothingKnown } from '../protocol/batch/known.js';
import { decodeBatch, encodeReplies } from '../protocol/batch-codec.js';
import { ControlBlock } from '../protocol/control-block.js';
import { Mailbox } from '../protocol/mailbox.js';
import type { Reply, Request } from '../protocol/messages.js';
import type { InitReply, InitTask, WorkerInit, WorkerSetup } from '../protocol/worker-init.js';
import { withDescriptor } from '../support/files/descriptors.js';
import { setImmediate } from '../support/timers.js';
import { Executor } from './executor.js';

/** Read while the thread waits for its initial data. A failure is reported by {@link createExecutor}. */
const reading = withDescriptor(() => readFile(new URL('../guest/prelude.image', import.meta.url)));
reading.catch(() => {});

let onFirstBatch: (() => void) | undefined;

/**
 * Calls back once, when the first batch was executed and before it is answered: by then the code of an execution is compiled, and nobody ends
 * the thread yet.
 */
export function afterFirstBatch(listener: () => void): void {
  onFirstBatch = listener;
}

/** Entry of a pool worker: tinypool calls it once. */
export default async function initialize({ init, setup }: InitTask): Promise<InitReply> {
  try {
    const executor = await createExecutor(init);
    // After the reply was sent: from then on the thread only waits for work.
    setImmediate(() => void serve(executor, setup));
    return { memoryBytes: executor.memoryBytes };
  } catch (error) {
    return { error: toWireError(error) };
  }
}

async function serve(executor: Executor, setup: WorkerSetup): Promise<never> {
  const control = new ControlBlock(setup.control);
  const mailbox = Mailbox.open(setup.mailbox);
  const known = nothingKnown();
  let isMoreSoon = false;
  for (;;) {
    const requests = decodeBatch(mailbox.receiveSync(isMoreSoon), known);
    const replies: (Reply | undefined)[] = [];
    for (const [item, request] of requests.entries()) {
      if (control.claim(item)) {
        replies.push(await answerOrFail(executor, request, () => control.isCancelled(item)));
        control.finish(item);
      } else replies.push(undefined);
    }
    isMoreSoon = mailbox.isMoreSoon && replies.some(waits);
    onFirstBatch?.();
    onFirstBatch = undefined;
    mailbox.send(encodeReplies(replies, executor.memoryBytes, requests));
    await executor.tidy(() => mailbox.hasMessage, isMoreSoon);
  }
}

function waits(reply: Reply | undefined): boolean {
  return reply?.kind === 'executed' && reply.checkpointBytes !== undefined;
}

/** Faults become replies: nothing is lost on the way. */
async function answerOrFail(executor: Executor, request: Request, isCancelled: () => boolean): Promise<Reply> {
  try {
    // Most of all requests, past one promise.
    if (request.kind === 'execute') return await executor.execute(request, request.bytecode, isCancelled);
    if (request.kind === 'resume') return await executor.resume(request, isCancelled);
    return await answer(executor, request);
  } catch (error) {
    return { kind: 'failed', error: toWireError(error) };
  }
}

async function answer(executor: Executor, request: Exclude<Request, { kind: 'execute' | 'resume' }>): Promise<Reply> {
  switch (request.kind) {
    case 'compile':
      return {
        kind: 'compiled',
        outcome: await executor.compileHandler(textOf(request.source), request.filename, request.shape),
      };
    case 'load':
      await executor.load(request.key, request.bytecode, request.librarySet);
      return { kind: 'loaded' };
    case 'image':
      return { kind: 'image', ...(await executor.describeImage(request)) };
    default:
      throw request satisfies never;
  }
}

function textOf(source: string | Uint8Array): string {
  if (typeof source === 'string') return source;
  return Buffer.from(source.buffer, source.byteOffset, source.length).toString('utf8');
}

async function createExecutor(init: WorkerInit): Promise<Executor> {
  return Executor.create({ ...init, prelude: decodePreludeImage(await reading, init.engine.fingerprint) });
}
