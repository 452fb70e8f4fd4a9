import type { CallResult } from '../../api/answers.js';
import { packMessage } from '../../codec/message-pack.js';
import { ValueDecoder } from '../../codec/values/decoding/decode.js';
import { MAX_NODES, OWN_END } from '../../codec/values/decoding/decoding-bounds.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import { UncrossableValueError } from '../../codec/values/encoding/uncrossable.js';
import { NexusError } from '../../errors/nexus-error.js';
import { toTransferableAnswer } from '../../execution/request/transferable-answer.js';
import { byteSlicesInTurns, sha256 } from '../../support/byte-slices.js';
import { inSlices } from '../../support/slices.js';
import { decodeOutcome, encodeOutcome } from '../../suspension/sealed/outcome-content.js';
import type { Recording } from './recording.js';
import { type RecordingHeader, readRecordingHeader } from './recording-header.js';

/** Raise it whenever the layout changes: an unknown version is refused. */
export const RECORDING_VERSION = 1;

const MAGIC = Buffer.from('NXRC', 'latin1');
const HEADER_LENGTH_AT = MAGIC.length + 2;
const PREAMBLE_BYTES = HEADER_LENGTH_AT + 4;
const DIGEST_BYTES = 32;
/** Context, answers and arguments of a long run: some of the largest each. */
const MAX_RECORDED_NODES = 8 * MAX_NODES;
/** Some of the largest contexts, results and sources together. A larger recording is neither written nor read. */
export const MAX_RECORDING_BYTES = 256 * 1024 * 1024;
const FIELDS = ['state', 'args', 'scope', 'answers', 'calls'];

/**
 * A recording as bytes: magic, version (u16), header length (u32), MessagePack header, the values of context, answers and calls as one
 * document of the engine's format, the outcome, SHA-256 over all before it. Integers are big-endian.
 *
 * Values are written in slices, as they are read.
 *
 * @returns undefined when it has values that cannot be written, which no handler can have had, or is larger than what is read
 */
export async function encodeRecording(recording: Recording): Promise<Uint8Array | undefined> {
  const { context, segments, calls, outcome, ...rest } = recording;
  const { stateSnapshot, args, scope, ...plain } = context;
  // What an extension answered may be anything; this is what the handler got of it.
  const given: CallResult[][] = [];
  for (const { answers } of segments) {
    const admitted: CallResult[] = [];
    for (const answer of answers) admitted.push(await toTransferableAnswer(answer, recording.limits, recording.toJSON));
    given.push(admitted);
  }
  const fields = [
    stateSnapshot,
    args,
    scope,
    given.map((answers) => answers.map((answer) => (answer.success ? answer.value : answer.error))),
    calls.map((call) => call.args),
  ];
  const values = await encodeValues(fields, recording.toJSON);
  const encodedOutcome = await encodeOutcome(outcome);
  if (values === undefined || 'unencodable' in encodedOutcome) return undefined;
  const header: RecordingHeader = {
    ...rest,
    context: plain,
    segments: segments.map(({ nowMs }, i) => ({
      nowMs,
      answers: (given[i] ?? []).map(({ callId, success }) => ({ callId, success })),
    })),
    calls: calls.map(({ callId, extensionName, method }) => ({ callId, extensionName, method })),
    valueBytes: values.length,
  };
  const packed = packMessage(header);
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(preamble);
  preamble.writeUInt16BE(RECORDING_VERSION, MAGIC.length);
  preamble.writeUInt32BE(packed.length, HEADER_LENGTH_AT);
  return sealed([preamble, packed, values, encodedOutcome.content]);
}

/** Copied and hashed in slices: a long run makes hundreds of megabytes. */
async function sealed(parts: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length + DIGEST_BYTES > MAX_RECORDING_BYTES) return undefined;
  const bytes = Buffer.allocUnsafeSlow(length + DIGEST_BYTES);
  let end = 0;
  for (const part of parts) {
    for await (const slice of byteSlicesInTurns(part)) {
      bytes.set(slice, end);
      end += slice.length;
    }
  }
  bytes.set(await sha256(bytes.subarray(0, length)), length);
  return bytes;
}

/**
 * @param name of the file, for errors
 * @throws NexusError INVALID_ARGUMENT saying what is wrong with it; `context.problem` names the check that failed
 */
export async function decodeRecording(given: Uint8Array, name: string): Promise<Recording> {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const refuse = (problem: string, what: string) =>
    new NexusError('INVALID_ARGUMENT', `The recording ${name} cannot be replayed: it ${what}.`, {
      context: { field: 'file', file: name, problem },
    });
  if (bytes.length < PREAMBLE_BYTES + DIGEST_BYTES) throw refuse('length', `has only ${bytes.length} bytes`);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw refuse('magic', 'is none');
  const version = bytes.readUInt16BE(MAGIC.length);
  if (version !== RECORDING_VERSION) {
    const remedy = 'replay it with the version of the library that recorded it, or record the execution again';
    throw refuse('version', `has format ${version}, this library reads ${RECORDING_VERSION}: ${remedy}`);
  }
  const content = bytes.subarray(0, -DIGEST_BYTES);
  if (!(await sha256(content)).equals(bytes.subarray(-DIGEST_BYTES)))
    throw refuse('digest', 'is damaged: its SHA-256 does not match');
  try {
    return await decodeContent(content);
  } catch (error) {
    throw refuse(
      'content',
      `has content that does not decode: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Nothing but a checksum seals it, so anyone may have written it. */
async function decodeContent(content: Buffer): Promise<Recording> {
  const valuesAt = PREAMBLE_BYTES + content.readUInt32BE(HEADER_LENGTH_AT);
  const { valueBytes, ...header } = readRecordingHeader(content.subarray(PREAMBLE_BYTES, valuesAt));
  const outcomeAt = valuesAt + valueBytes;
  const values = await decodeValues(content.subarray(valuesAt, outcomeAt));
  const [stateSnapshot, args, scope, answers, callArgs] = values as [
    Recording['context']['stateSnapshot'],
    unknown,
    unknown,
    readonly (readonly unknown[])[],
    readonly (readonly unknown[])[],
  ];
  return {
    ...header,
    context: { ...header.context, ...(stateSnapshot !== undefined && { stateSnapshot }), args, scope },
    segments: header.segments.map((segment, i) => ({
      ...segment,
      answers: segment.answers.map(({ callId, success }, j): CallResult => {
        const value = answers[i]?.[j];
        return success ? { callId, success, value } : { callId, success, error: value };
      }),
    })),
    calls: header.calls.map((call, i) => ({ ...call, args: callArgs[i] ?? [] })),
    outcome: await decodeOutcome(content.subarray(outcomeAt)),
  };
}

async function decodeValues(encoded: Uint8Array): Promise<unknown[]> {
  const decoder = new ValueDecoder(encoded, true, { maxNodes: MAX_RECORDED_NODES, end: OWN_END });
  return inSlices((until) => (decoder.run(until) ? { done: decoder.fields } : undefined));
}

async function encodeValues(values: readonly unknown[], honoursToJson = false): Promise<Uint8Array | undefined> {
  try {
    const encoder = new ValueEncoder();
    encoder.beginFields(values, FIELDS, Number.POSITIVE_INFINITY, honoursToJson);
    return await inSlices((until) => (encoder.run(until) ? { done: encoder.finish() } : undefined));
  } catch (error) {
    if (error instanceof UncrossableValueError) return undefined;
    throw error;
  }
}
