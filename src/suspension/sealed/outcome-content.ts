import type { ErrorCause, ExtensionCall, WasmResult } from '../../api/result.js';
import type { SettledState } from '../../api/suspension-store.js';
import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import { ValueDecoder } from '../../codec/values/decoding/decode.js';
import { MAX_NODES, OWN_END } from '../../codec/values/decoding/decoding-bounds.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import { UncrossableValueError } from '../../codec/values/encoding/uncrossable.js';
import { inSlices } from '../../support/slices.js';
import { incompatible } from '../incompatible.js';
import { openEnvelope, sealEnvelope } from './envelope.js';
import type { EnvelopeKeys } from './envelope-keys.js';
import { OUTCOME_HEADER, RESULT_FRAME } from './outcome-shape.js';

/** Smaller ones are read at once. */
const AT_ONCE_BYTES = 1_024;
/** Below it a content cannot hold more values than the decoder takes. */
const SURELY_DECODABLE_BYTES = 1024 * 1024;
/** What came out of the VM is not larger; with what surrounds it, it may come to a little more. */
const MAX_OUTCOME_NODES = 2 * MAX_NODES;

/** A result as bytes, or why it cannot be: it has values that the decoder would refuse. */
export type EncodedOutcome = { readonly content: Uint8Array } | { readonly unencodable: string };

/**
 * A result as bytes: a document whose first field is the result with a number in place of each of the handler's values, and whose
 * other fields are these. So no value lies deeper than it did when it left the VM, and an object that occurs twice stays one.
 *
 * It is written in slices: the handler chose how much there is. The result must not change before it is done.
 */
export async function encodeOutcome(result: WasmResult): Promise<EncodedOutcome> {
  const values: unknown[] = [];
  const frame = mapValues(result, (value) => values.push(value));
  try {
    const encoder = new ValueEncoder();
    encoder.beginFields([frame, ...values], ['result'], Number.POSITIVE_INFINITY);
    const content = await inSlices((until) => (encoder.run(until) ? { done: encoder.finish() } : undefined));
    if (content.length > SURELY_DECODABLE_BYTES) await decodeContent(content);
    return { content };
  } catch (error) {
    if (error instanceof UncrossableValueError) return { unencodable: error.reason };
    if (error instanceof MalformedValueError) return { unencodable: error.message };
    throw error;
  }
}

/**
 * The result that was recorded. It is read in slices.
 *
 * @throws MalformedValueError when it is no result, whoever has sealed it
 */
export async function decodeOutcome(content: Uint8Array): Promise<WasmResult> {
  const fields = await decodeContent(content);
  const problem = RESULT_FRAME(fields[0]);
  if (problem !== undefined) throw new MalformedValueError(`is no result: it ${problem}`);
  return mapValues(fields[0] as WasmResult, (number) => {
    if ((number as number) < fields.length) return fields[number as number];
    throw new MalformedValueError(`is no result: there is no value ${number}`);
  });
}

function decodeContent(content: Uint8Array): Promise<unknown[]> | unknown[] {
  const decoder = new ValueDecoder(content, true, { maxNodes: MAX_OUTCOME_NODES, end: OWN_END });
  const step = (until: number) => (decoder.run(until) ? { done: decoder.fields } : undefined);
  if (content.length > AT_ONCE_BYTES) return inSlices(step);
  decoder.run();
  return decoder.fields;
}

/** An outcome opens under the id and as the state with which it was recorded. */
export function sealOutcome(
  id: string,
  state: SettledState,
  content: Uint8Array,
  keys: EnvelopeKeys,
): Promise<Uint8Array> {
  return sealEnvelope(outcomeId(id), { state }, content, keys);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export async function openOutcome(
  id: string,
  state: SettledState,
  sealed: Uint8Array,
  keys: EnvelopeKeys,
): Promise<Uint8Array> {
  const { header, payload } = await openEnvelope(outcomeId(id), sealed, keys);
  if (OUTCOME_HEADER(header) === undefined && (header as { state: SettledState }).state === state) return payload;
  throw incompatible('content', `What is recorded of the suspended handler ${id} is not the outcome "${state}".`, {
    suspensionId: id,
  });
}

function outcomeId(id: string): string {
  return `${id}:outcome`;
}

/** The result with other values in place of those that come from the handler. */
function mapValues(result: WasmResult, swap: (value: unknown) => unknown): WasmResult {
  const { returnValue, suspension, unawaitedCalls, error } = result;
  const swapArgs = <T extends { readonly args: readonly unknown[] }>(one: T): T => ({
    ...one,
    args: swap(one.args) as readonly unknown[],
  });
  const swapCalls = (calls: readonly ExtensionCall[]) => calls.map((call) => swapArgs(call));
  return {
    ...result,
    ...('returnValue' in result && { returnValue: swap(returnValue) }),
    stateMutations: result.stateMutations.map((one) => ('value' in one ? { ...one, value: swap(one.value) } : one)),
    events: result.events.map((event) => ({ ...event, payload: swap(event.payload) })),
    viewCommands: result.viewCommands.map((command) => swapArgs(command)),
    ...(suspension && { suspension: { ...swapArgs(suspension), calls: swapCalls(suspension.calls) } }),
    ...(unawaitedCalls && { unawaitedCalls: swapCalls(unawaitedCalls) }),
    ...(error && {
      error: {
        ...mapCause(error, swap),
        ...(error.context && {
          context: Object.fromEntries(Object.entries(error.context).map(([name, value]) => [name, swap(value)])),
        }),
      },
    }),
  };
}

function mapCause<T extends Omit<ErrorCause, 'message'>>(error: T, swap: (value: unknown) => unknown): T {
  const { fields, cause, errors } = error;
  return {
    ...error,
    ...(fields !== undefined && { fields: swap(fields) }),
    ...('thrown' in error && { thrown: swap(error.thrown) }),
    ...(cause && { cause: mapCause(cause, swap) }),
    ...(errors && { errors: errors.map((one) => mapCause(one, swap)) }),
  };
}
