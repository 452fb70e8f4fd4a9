import { binary, oneOf, record, type Shape, text } from '../../codec/message-shape.js';
import { incompatible } from '../incompatible.js';
import { openEnvelope, sealEnvelope } from '../sealed/envelope.js';
import type { EnvelopeKeys } from '../sealed/envelope-keys.js';

/** What is told to a run. */
export type RunMessage =
  | { readonly type: 'answer'; readonly callId: string; readonly document: Uint8Array }
  /** The call was made, and its answer comes from elsewhere. */
  | { readonly type: 'later'; readonly callId: string }
  /** A call that was to be answered from elsewhere is made after all, by who has the run. */
  | { readonly type: 'release'; readonly callId: string }
  | { readonly type: 'signal'; readonly name: string; readonly document: Uint8Array }
  | { readonly type: 'cancel' };

/** As it is sealed. */
export interface PlainMessage {
  readonly type: RunMessage['type'];
  readonly callId?: string;
  readonly name?: string;
  readonly document?: Uint8Array;
}

const NAME = text(128);
export const MESSAGE_TYPE = oneOf('answer', 'later', 'release', 'signal', 'cancel');
const ADDRESS = { callId: NAME, name: NAME };
export const MESSAGE_FIELDS = { ...ADDRESS, document: binary() };
const MESSAGE = record({ type: MESSAGE_TYPE }, ADDRESS) as Shape<PlainMessage>;

/** Undefined if fields of its type are missing. */
export function messageOf({ type, callId, name, document }: PlainMessage): RunMessage | undefined {
  if (type === 'cancel') return { type };
  if (type === 'later' || type === 'release') return callId === undefined ? undefined : { type, callId };
  if (document === undefined) return undefined;
  if (type === 'answer') return callId === undefined ? undefined : { type, callId, document };
  return name === undefined ? undefined : { type, name, document };
}

/** @param runId of the store, so that it opens in no other run, and under no other id */
export function sealMessage(runId: string, id: string, message: RunMessage, keys: EnvelopeKeys): Promise<Uint8Array> {
  const { document = new Uint8Array(), ...header }: PlainMessage = message;
  return sealEnvelope(`${runId}:message:${id}`, header, document, keys);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export async function openMessage(
  runId: string,
  id: string,
  content: Uint8Array,
  keys: EnvelopeKeys,
): Promise<RunMessage> {
  const { header, payload } = await openEnvelope(`${runId}:message:${id}`, content, keys);
  const fault = (what: string) =>
    incompatible('content', `A message to the run ${runId} cannot be read: ${what}. It is kept.`, { runId });
  const problem = MESSAGE(header);
  if (problem !== undefined) throw fault(`it ${problem}`);
  const document = payload.length > 0 && { document: payload };
  const message = messageOf({ ...(header as PlainMessage), ...document });
  if (message === undefined) throw fault('it is not whole');
  return message;
}
