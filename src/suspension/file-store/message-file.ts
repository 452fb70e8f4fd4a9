import type { StoredMessage } from '../../api/suspension-store.js';
import { packMessage } from '../../codec/message-pack.js';
import { MalformedMessageError } from '../../codec/message-reader.js';
import { readShaped, record, text } from '../../codec/message-shape.js';
import {
  ContainerFormat,
  MARK_BYTES,
  PREAMBLE_BYTES,
  splitHeader,
} from '../../support/sealed-container/container-format.js';
import { isSealedInTurns, sealInTurns } from '../../support/sealed-container/passing.js';
import { DIGEST_BYTES, macSeal } from '../../support/sealed-container/seals.js';
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_ID_LENGTH } from '../check.js';
import { incompatible } from '../incompatible.js';

/** Raise it whenever the layout changes. */
const MESSAGE_VERSION = 1;
const FORMAT = new ContainerFormat({
  magic: 'NXSM',
  version: MESSAGE_VERSION,
  minBytes: PREAMBLE_BYTES + DIGEST_BYTES,
});
const RUN_ID_LENGTH = 32;
const MAX_HEADER_BYTES = 1024;
const BOUNDS = { maxBytes: 4 * MAX_HEADER_BYTES, maxValues: 100 };
/** Of a file. */
export const MAX_MESSAGE_FILE_BYTES = PREAMBLE_BYTES + MAX_HEADER_BYTES + MAX_MESSAGE_BYTES + DIGEST_BYTES;

const header = record({ runId: text(RUN_ID_LENGTH), id: text(MAX_MESSAGE_ID_LENGTH) });

/** A message as a file: magic, version (u16), header length (u32), MessagePack header, content, HMAC-SHA256 of all before it. */
export async function encodeMessage(
  runId: string,
  { id, content }: StoredMessage,
  key: Uint8Array,
): Promise<Uint8Array> {
  const encoded = packMessage({ runId, id });
  return sealInTurns(macSeal(key), [FORMAT.preamble(encoded.length), encoded, content]);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE naming the check that failed */
export async function decodeMessage(runId: string, bytes: Buffer, key: Uint8Array): Promise<StoredMessage> {
  const fault = FORMAT.faultOf(bytes);
  if (fault?.check === 'version')
    throw incompatible('version', `has version ${fault.version}, this library reads ${fault.expected}`);
  if (fault !== undefined) throw incompatible(fault.check === 'magic' ? 'magic' : 'truncated', 'is no whole message');
  const sealed = bytes.subarray(0, -DIGEST_BYTES);
  if (!(await isSealedInTurns(macSeal(key), sealed, bytes.subarray(-DIGEST_BYTES)))) {
    throw incompatible('seal', 'is damaged, or was edited');
  }
  const parts = splitHeader(sealed, MARK_BYTES);
  if (parts === undefined) throw incompatible('truncated', 'ends within its header');
  try {
    const { id, runId: owner } = readShaped(parts.header, BOUNDS, header) as { id: string; runId: string };
    if (owner !== runId) throw incompatible('seal', 'belongs to another run');
    return { id, content: parts.payload };
  } catch (error) {
    if (error instanceof MalformedMessageError) throw incompatible('content', `has a header that ${error.message}`);
    throw error;
  }
}
