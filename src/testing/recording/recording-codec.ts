import { createHash } from 'node:crypto';

import type { CallResult } from '../../contract/answers.js';
import { packMessage, unpackMessage } from '../../contract/message-pack.js';
import { decodeFields } from '../../contract/values/decode.js';
import { UncrossableValueError, ValueEncoder } from '../../contract/values/encode.js';
import { NexusError } from '../../errors/nexus-error.js';
import { admissibleAnswer } from '../../pool/admissible-answer.js';
import { decodeOutcome, encodeOutcome } from '../../suspension/outcome-content.js';
import type { Recording } from './recording.js';

/** Raise it whenever the layout changes: an unknown version is refused. */
export const RECORDING_VERSION = 1;

const MAGIC = Buffer.from('NXRC', 'latin1');
const HEADER_LENGTH_AT = MAGIC.length + 2;
const PREAMBLE_BYTES = HEADER_LENGTH_AT + 4;
const DIGEST_BYTES = 32;
const FIELDS = ['state', 'args', 'scope', 'answers', 'calls'];

/** All of a recording but the values in it. */
type Header = Omit<Recording, 'context' | 'segments' | 'calls' | 'outcome'> & {
  readonly context: Omit<Recording['context'], 'stateSnapshot' | 'args' | 'scope'>;
  readonly segments: readonly { readonly nowMs: number; readonly answers: readonly Omit<CallResult, 'value'>[] }[];
  readonly calls: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  /** Of the encoded values; the outcome comes after them. */
  readonly valueBytes: number;
};

/**
 * A recording as bytes: magic, version (u16), header length (u32), MessagePack header, the values of context, answers and calls as one
 * document of the engine's format, the outcome, SHA-256 over all before it. Integers are big-endian.
 *
 * @returns undefined when it has values that cannot be written: no handler can have had them
 */
export function encodeRecording(recording: Recording): Uint8Array | undefined {
  const { context, segments, calls, outcome, ...rest } = recording;
  const { stateSnapshot, args, scope, ...plain } = context;
  // What an extension answered may be anything; this is what the handler got of it.
  const given = segments.map(({ answers }) => answers.map((answer) => admissibleAnswer(answer, recording.limits)));
  const values = encodeValues([
    stateSnapshot,
    args,
    scope,
    given.map((answers) => answers.map((answer) => (answer.success ? answer.value : answer.error))),
    calls.map((call) => call.args),
  ]);
  const encodedOutcome = encodeOutcome(outcome);
  if (values === undefined || 'unencodable' in encodedOutcome) return undefined;
  const header: Header = {
    ...rest,
    context: plain,
    segments: segments.map(({ nowMs }, i) => ({
      nowMs,
      answers: (given[i] ?? []).map(({ callId, success }) => ({ callId, success }) as Omit<CallResult, 'value'>),
    })),
    calls: calls.map(({ callId, extensionName, method }) => ({ callId, extensionName, method })),
    valueBytes: values.length,
  };
  const packed = packMessage(header);
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(preamble);
  preamble.writeUInt16BE(RECORDING_VERSION, MAGIC.length);
  preamble.writeUInt32BE(packed.length, HEADER_LENGTH_AT);
  const content = Buffer.concat([preamble, packed, values, encodedOutcome.content]);
  return Buffer.concat([content, digest(content)]);
}

/**
 * @param name of the file, for errors
 * @throws NexusError INVALID_ARGUMENT saying what is wrong with it; `context.problem` names the check that failed
 */
export function decodeRecording(given: Uint8Array, name: string): Recording {
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
  if (!digest(content).equals(bytes.subarray(-DIGEST_BYTES)))
    throw refuse('digest', 'is damaged: its SHA-256 does not match');
  try {
    return decodeContent(content);
  } catch (error) {
    throw refuse(
      'content',
      `has content that does not decode: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Written by this library: what is in it is what was put in. */
function decodeContent(content: Buffer): Recording {
  const valuesAt = PREAMBLE_BYTES + content.readUInt32BE(HEADER_LENGTH_AT);
  const { valueBytes, ...header } = unpackMessage(content.subarray(PREAMBLE_BYTES, valuesAt)) as Header;
  const outcomeAt = valuesAt + valueBytes;
  const values = decodeFields(content.subarray(valuesAt, outcomeAt), Number.POSITIVE_INFINITY);
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
    outcome: decodeOutcome(content.subarray(outcomeAt)),
  };
}

function encodeValues(values: readonly unknown[]): Uint8Array | undefined {
  try {
    return new ValueEncoder().encodeFields(values, FIELDS, Number.POSITIVE_INFINITY);
  } catch (error) {
    if (error instanceof UncrossableValueError) return undefined;
    throw error;
  }
}

function digest(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
