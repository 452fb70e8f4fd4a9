import type { CallResult } from '../../api/answers.js';
import type { ExecutionLimits } from '../../api/limits.js';
import { namesOfDropped } from '../../codec/values/forms.js';
import { answerFault } from './answers.js';

/**
 * The limits for an error that cannot be passed as a whole: the number of fields that are tried, and the
 * length of its strings.
 */
const MAX_FIELDS = 50;
const MAX_CHARACTERS = 4 * 1024;

/**
 * The answer, or a replacement that can be passed: for a value a TypeError with the reason, for an error the
 * same error without the fields that cannot be passed.
 */
export async function toTransferableAnswer(
  answer: CallResult,
  limits: ExecutionLimits,
  { honoursToJson = false, call = 'the extension' }: { readonly honoursToJson?: boolean; readonly call?: string } = {},
): Promise<CallResult> {
  const fault = await answerFault(answer, limits, honoursToJson);
  if (fault === undefined) return answer;
  const { callId } = answer;
  const refuse = (what: string): CallResult => {
    const message = `${what} cannot enter the VM: ${fault.message.replace(/^answers\[0\]\.(?:value|error)/, (root) => root.slice('answers[0].'.length))}`;
    return { callId, success: false, error: new TypeError(cut(message)) };
  };
  if (answer.success) return refuse(`The answer of ${call}`);
  const { error } = answer;
  if (typeof error === 'string') return { callId, success: false, error: cut(error) };
  if (typeof error !== 'object' || error === null || !('message' in error)) return refuse(`What ${call} threw`);
  return { callId, success: false, error: await withoutFaults(error, limits, honoursToJson) };
}

/** Name and message, and of the other fields those with which it can enter, `code` and `cause` before others. */
async function withoutFaults(error: object, limits: ExecutionLimits, honoursToJson: boolean): Promise<Error> {
  const reduced = new Error(cut(textOf(error, 'message')));
  define(reduced, 'name', cut(textOf(error, 'name') || 'Error'));
  const dropped: string[] = [];
  const keys = Object.keys(error);
  const fields = ['code', 'cause', ...keys.slice(0, MAX_FIELDS)];
  for (const field of new Set(fields)) {
    if (field === 'name' || field === 'message' || field === 'stack' || !(field in error)) continue;
    define(reduced, field, Reflect.get(error, field));
    const attempt = { callId: '', success: false, error: reduced } as const;
    if ((await answerFault(attempt, limits, honoursToJson)) === undefined) continue;
    define(reduced, field, undefined);
    dropped.push(field);
  }
  const names = namesOfDropped(keys, MAX_FIELDS, dropped);
  if (names.length > 0) define(reduced, 'dropped', names);
  return reduced;
}

function define(error: Error, field: string, value: unknown): void {
  Object.defineProperty(error, field, { value, writable: true, configurable: true, enumerable: field !== 'cause' });
}

function textOf(error: object, field: string): string {
  const text: unknown = Reflect.get(error, field);
  return typeof text === 'string' ? text : '';
}

function cut(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}
