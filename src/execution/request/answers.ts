import type { AsyncResult, CallResult } from '../../api/answers.js';
import type { ExecutionLimits } from '../../api/limits.js';
import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { COUNTED_LIMITS } from '../../guest/abi.js';
import { encodeFieldsInSlices } from '../../protocol/context-encoding.js';
import { callName } from '../own-call-kinds.js';
import { NO_USAGE, type Usage } from '../usage.js';

/** The part of a pending call that an answer needs. */
export interface WaitingCall {
  readonly callId: string;
  readonly extensionName: string;
  readonly method: string;
}

/** @throws NexusError INVALID_ARGUMENT for anything but an answer or a list of answers, which may be empty */
export function checkAnswers(given: unknown): void {
  if (!Array.isArray(given)) {
    requireAnswer(given, 'answer');
    return;
  }
  for (const [i, answer] of given.entries()) {
    requireAnswer(answer, `answers[${i}]`);
    const { callId } = answer as { callId?: unknown };
    if (typeof callId !== 'string') throw invalidArgument(`answers[${i}].callId`, callId, 'the id of a call');
  }
}

/**
 * Matches answers with pending calls.
 *
 * @param given one answer, for the first of the calls, or several with their call ids
 * @param mayBeNone whether something else may resume the handler. Default: false
 * @throws NexusError INVALID_ARGUMENT if an answer matches no call, a call is answered twice, or there is no
 *   answer
 */
export function matchAnswers(given: unknown, calls: readonly WaitingCall[], mayBeNone = false): CallResult[] {
  if (!Array.isArray(given)) {
    const [first] = calls;
    const callId = isRecord(given) && typeof given['callId'] === 'string' ? given['callId'] : first?.callId;
    return matchAnswers([{ ...requireAnswer(given, 'answer'), callId }], calls);
  }
  if (given.length === 0) {
    if (mayBeNone) return [];
    throw invalidArgument('answers', given, 'at least one answer');
  }
  const answered = new Set<string>();
  const waitingIds = new Set(calls.map(({ callId }) => callId));
  return given.map((one: unknown, i) => {
    const field = `answers[${i}]`;
    const answer = requireAnswer(one, field);
    const { callId } = one as { callId?: unknown };
    if (typeof callId !== 'string' || !waitingIds.has(callId) || answered.has(callId)) {
      const waiting = calls.map((call) => `${call.callId} (${callName(call)})`).join(', ');
      throw invalidArgument(`${field}.callId`, callId, `one of the calls that wait, each once: ${waiting}`);
    }
    answered.add(callId);
    return { ...answer, callId };
  });
}

/**
 * Encodes the argument of the prelude's `resume`: `[callId, succeeded, value or error]` for each answer, and
 * the usage.
 *
 * @param countedLimits in the order in which the guest takes them. Default: as the present version does
 * @returns directly if the answers are small, otherwise as a promise: the guest may influence how much an
 *   extension answers
 * @throws, or rejects with, NexusError SERIALIZATION_ERROR naming the path, or INVALID_ARGUMENT if they are
 *   too large
 */
export function encodeAnswers(
  answers: readonly CallResult[],
  used: Usage,
  limits: ExecutionLimits,
  honoursToJson = false,
  countedLimits: readonly string[] = COUNTED_LIMITS,
): Uint8Array | Promise<Uint8Array> {
  const tuples = answers.map((answer) => [
    answer.callId,
    answer.success,
    answer.success ? answer.value : toError(answer.error),
  ]);
  const counts = countedLimits.map((name) => used[name as keyof Usage] ?? 0);
  const refuse = (error: unknown): never => {
    throw remapErrorPath(answers, error);
  };
  try {
    const bounds = { maxBytes: limits.maxContextBytes, honoursToJson };
    const encoded = encodeFieldsInSlices([tuples, counts], ['answers', 'used'], bounds);
    return encoded instanceof Promise ? encoded.catch(refuse) : encoded;
  } catch (error) {
    return refuse(error);
  }
}

/** Converts a path in the tuple to the caller's: `answers[0][2].x` is `answers[0].value.x`. */
function remapErrorPath(answers: readonly CallResult[], error: unknown): unknown {
  if (!(error instanceof NexusError)) return error;
  const path = String(error.context['path']);
  const [encoded, index] = /^answers\[(\d+)\]\[2\]/.exec(path) ?? [];
  if (encoded === undefined || index === undefined) return error;
  const field = `answers[${index}].${answers[Number(index)]?.success === true ? 'value' : 'error'}`;
  const inTerms = (text: string) => text.replace(encoded, () => field);
  return new NexusError(error.code, inTerms(error.message), { context: { ...error.context, path: inTerms(path) } });
}

/** What keeps an answer, by itself, out of the VM; undefined when nothing does. */
export async function answerFault(
  answer: CallResult,
  limits: ExecutionLimits,
  honoursToJson = false,
): Promise<NexusError | undefined> {
  try {
    await encodeAnswers([answer], NO_USAGE, limits, honoursToJson);
    return undefined;
  } catch (error) {
    if (error instanceof NexusError) return error;
    throw error;
  }
}

/** The error that the handler gets: always an Error, whatever the host threw. */
function toError(thrown: unknown): unknown {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown === 'string') return new Error(thrown);
  if (!isRecord(thrown) || typeof thrown['message'] !== 'string') return thrown;
  const { name, message, ...fields } = thrown;
  const error = Object.assign(new Error(message as string), fields);
  if (typeof name === 'string') error.name = name;
  return error;
}

function requireAnswer(given: unknown, field: string): AsyncResult {
  if (!isRecord(given)) throw invalidArgument(field, given, 'an object { success, value } or { success, error }');
  const { success, value, error } = given;
  if (success === true) return { success, value };
  if (success === false) return { success, error };
  throw invalidArgument(`${field}.success`, success, 'true or false');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
