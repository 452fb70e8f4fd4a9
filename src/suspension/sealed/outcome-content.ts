import type { ErrorCause, ExtensionCall, WasmResult } from '../../api/result.js';
import type { SettledState } from '../../api/suspension-store.js';
import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import { NotTransferableError } from '../../codec/values/encoding/not-transferable.js';
import { incompatible } from '../incompatible.js';
import { openEnvelope, sealEnvelope } from './envelope.js';
import type { EnvelopeKeys } from './envelope-keys.js';
import { type AnsweredCalls, OUTCOME_HEADER, type OutcomeHeader, RESULT_FRAME } from './outcome-shape.js';
import { decodeValues, encodeValues } from './values.js';

/** A smaller content cannot contain more values than the decoder accepts. */
const SURELY_DECODABLE_BYTES = 1024 * 1024;

/** A result as bytes, or the reason why it cannot be encoded: it has values that the decoder would refuse. */
export type EncodedOutcome = { readonly content: Uint8Array } | { readonly unencodable: string };

/**
 * Encodes a result as a document. Its first field is the result with a number in place of each value of the
 * handler; the other fields are these values. So no value is nested deeper than when it left the VM, and an
 * object that occurs twice stays one.
 *
 * It is written in slices, because the handler chooses its size. The result must not change meanwhile.
 */
export async function encodeOutcome(result: WasmResult): Promise<EncodedOutcome> {
  const values: unknown[] = [];
  const frame = mapValues(result, (value) => values.push(value));
  try {
    const content = await encodeValues([frame, ...values], 'result');
    if (content.length > SURELY_DECODABLE_BYTES) await decodeValues(content);
    return { content };
  } catch (error) {
    if (error instanceof NotTransferableError) return { unencodable: error.reason };
    if (error instanceof MalformedValueError) return { unencodable: error.message };
    throw error;
  }
}

/**
 * Decodes a recorded result, in slices.
 *
 * @throws MalformedValueError if it is not a result, even if its seal is valid
 */
export async function decodeOutcome(content: Uint8Array): Promise<WasmResult> {
  const fields = await decodeValues(content);
  const problem = RESULT_FRAME(fields[0]);
  if (problem !== undefined) throw new MalformedValueError(`is not a result: it ${problem}`);
  return mapValues(fields[0] as WasmResult, (number) => {
    if ((number as number) < fields.length) return fields[number as number];
    throw new MalformedValueError(`is not a result: there is no value ${number}`);
  });
}

/** Seals an outcome. It opens only under this id and as this state. */
export function sealOutcome(
  id: string,
  state: SettledState,
  content: Uint8Array,
  answers: AnsweredCalls | undefined,
  keys: EnvelopeKeys,
): Promise<Uint8Array> {
  return sealEnvelope(outcomeId(id), { state, ...(answers && { answers }) }, content, keys);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export async function openOutcome(
  id: string,
  state: SettledState,
  sealed: Uint8Array,
  keys: EnvelopeKeys,
): Promise<{ readonly content: Uint8Array; readonly answers?: AnsweredCalls }> {
  const { header, payload } = await openEnvelope(outcomeId(id), sealed, keys);
  if (OUTCOME_HEADER(header) === undefined) {
    const { state: recorded, answers } = header as OutcomeHeader;
    if (recorded === state) return { content: payload, ...(answers && { answers }) };
  }
  throw incompatible('content', `What is recorded of the suspended handler ${id} is not the outcome "${state}".`, {
    suspensionId: id,
  });
}

function outcomeId(id: string): string {
  return `${id}:outcome`;
}

/** The result with the handler's values replaced. */
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
  } as WasmResult;
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
