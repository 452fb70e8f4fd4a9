import type { CallResult } from '../../api/answers.js';
import { packMessage } from '../../codec/message-pack.js';
import { ValueDecoder } from '../../codec/values/decoding/decode.js';
import { MAX_NODES, OWN_END } from '../../codec/values/decoding/decoding-bounds.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import { NotTransferableError } from '../../codec/values/encoding/not-transferable.js';
import { NexusError } from '../../errors/nexus-error.js';
import { toTransferableAnswer } from '../../execution/request/transferable-answer.js';
import {
  ContainerFormat,
  MARK_BYTES,
  PREAMBLE_BYTES,
  splitHeader,
} from '../../support/sealed-container/container-format.js';
import { isSealedInTurns, sealInTurns } from '../../support/sealed-container/passing.js';
import { DIGEST_BYTES, digestSeal } from '../../support/sealed-container/seals.js';
import { inSlices } from '../../support/slices.js';
import { decodeOutcome, encodeOutcome } from '../../suspension/sealed/outcome-content.js';
import type { Recording } from './recording.js';
import { type RecordingHeader, readRecordingHeader } from './recording-header.js';

/** Raise it whenever the layout changes: unknown versions are refused. */
export const RECORDING_VERSION = 1;

const FORMAT = new ContainerFormat({
  magic: 'NXRC',
  version: RECORDING_VERSION,
  minBytes: PREAMBLE_BYTES + DIGEST_BYTES,
});
/** Context, answers and arguments of a long run: some of the largest each. */
const MAX_RECORDED_NODES = 8 * MAX_NODES;
/**
 * Room for several of the largest contexts, results and sources. A larger recording is neither written nor
 * read.
 */
export const MAX_RECORDING_BYTES = 256 * 1024 * 1024;
const FIELDS = ['state', 'args', 'scope', 'answers', 'calls'];

/**
 * Encodes a recording: magic, version (u16), header length (u32), MessagePack header, the values of context,
 * answers and calls as one document of the engine's format, the outcome, and a SHA-256 of everything before
 * it. Integers are big-endian.
 *
 * Values are written and read in slices.
 *
 * @returns undefined if it has values that cannot be written, which no handler can have had, or is too large
 */
export async function encodeRecording(recording: Recording): Promise<Uint8Array | undefined> {
  const { context, segments, calls, outcome, ...rest } = recording;
  const { stateSnapshot, args, scope, ...plain } = context;
  // An extension may return anything; this is the answer that the handler got.
  const given: CallResult[][] = [];
  for (const { answers } of segments) {
    const admitted: CallResult[] = [];
    for (const answer of answers)
      admitted.push(await toTransferableAnswer(answer, recording.limits, { honoursToJson: recording.toJSON === true }));
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
  const parts = [FORMAT.preamble(packed.length), packed, values, encodedOutcome.content];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length + DIGEST_BYTES > MAX_RECORDING_BYTES) return undefined;
  return sealInTurns(digestSeal(), parts);
}

/**
 * @param name the name of the file, for errors
 * @throws NexusError INVALID_ARGUMENT with the reason; `context.problem` names the failed check
 */
export async function decodeRecording(given: Uint8Array, name: string): Promise<Recording> {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const refuse = (problem: string, what: string) =>
    new NexusError('INVALID_ARGUMENT', `The recording ${name} cannot be replayed: it ${what}.`, {
      context: { field: 'file', file: name, problem },
    });
  const fault = FORMAT.faultOf(bytes);
  if (fault?.check === 'length') throw refuse('length', `has only ${fault.bytes} bytes`);
  if (fault?.check === 'magic') throw refuse('magic', 'is none');
  if (fault !== undefined) {
    const remedy = 'replay it with the version of the library that recorded it, or record the execution again';
    throw refuse('version', `has format ${fault.version}, this library reads ${fault.expected}: ${remedy}`);
  }
  const content = bytes.subarray(0, -DIGEST_BYTES);
  if (!(await isSealedInTurns(digestSeal(), content, bytes.subarray(-DIGEST_BYTES))))
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

/**
 * The header of a recording, which has everything but values. Its SHA-256 is not checked.
 *
 * @returns undefined if it is no recording of this version
 */
export function describeRecording(given: Uint8Array): RecordingHeader | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  if (FORMAT.faultOf(bytes) !== undefined) return undefined;
  const parts = splitHeader(bytes, MARK_BYTES);
  return parts && readRecordingHeader(parts.header);
}

/** It has only a checksum, so it is untrusted. */
async function decodeContent(content: Buffer): Promise<Recording> {
  const parts = splitHeader(content, MARK_BYTES);
  if (parts === undefined) throw new RangeError('the header ends outside of it');
  const { payload } = parts;
  const { valueBytes, ...header } = readRecordingHeader(parts.header);
  if (valueBytes > payload.length) throw new RangeError('the values end outside of it');
  const values = await decodeValues(payload.subarray(0, valueBytes));
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
    outcome: await decodeOutcome(payload.subarray(valueBytes)),
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
    if (error instanceof NotTransferableError) return undefined;
    throw error;
  }
}
