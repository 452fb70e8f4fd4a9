// Bodies of requests, checked: whoever has the token may still send anything.
import { invalidArgument } from '../config/check.js';
import type { GivenAnswer, Inputs, RunRequest } from './contract.js';

type Body = Readonly<Record<string, unknown>>;

const INPUTS = ['args', 'state', 'scope'] as const;
const MAX_DENIED = 1_000;
const MAX_ANSWERS = 1_000;

export function textOf(body: Body, field: string): string {
  const value = body[field];
  if (typeof value !== 'string') throw invalidArgument(field, value, 'a text');
  return value;
}

export function offsetOf(body: Body, code: string): number {
  const { offset } = body;
  if (typeof offset === 'number' && Number.isInteger(offset) && offset >= 0 && offset <= code.length) return offset;
  throw invalidArgument('offset', offset, 'an offset into the code');
}

export function objectOf(body: unknown): Body {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  throw invalidArgument('body', body, 'an object');
}

/** @throws NexusError INVALID_ARGUMENT naming the field */
export function runRequestOf(body: Body): RunRequest {
  const { inputs, denied = [], from, answers = [], isLive = true } = body;
  if (typeof isLive !== 'boolean') throw invalidArgument('isLive', isLive, 'true or false');
  return {
    code: textOf(body, 'code'),
    filename: textOf(body, 'filename'),
    ...(inputs !== undefined && { inputs: inputsOf(objectOf(inputs)) }),
    denied: listOf('denied', denied, MAX_DENIED).map((one, i) => {
      if (typeof one !== 'string') throw invalidArgument(`denied[${i}]`, one, 'a capability');
      return one;
    }),
    ...(from !== undefined && { from: fromOf(objectOf(from)) }),
    answers: listOf('answers', answers, MAX_ANSWERS).map((one) => answerOf(objectOf(one))),
    isLive,
  };
}

/** Values of the inputs. An empty text is undefined. @throws NexusError INVALID_ARGUMENT naming the field */
export function valuesOf(inputs: Inputs): Partial<Record<(typeof INPUTS)[number], unknown>> {
  return Object.fromEntries(
    INPUTS.flatMap((name) => (inputs[name].trim() === '' ? [] : [[name, parsed(name, inputs[name])]])),
  );
}

/** @throws NexusError INVALID_ARGUMENT naming the field */
export function parsed(field: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = (error as Error).message.slice(0, 200);
    throw invalidArgument(field, text.length > 60 ? `${text.slice(0, 60)}…` : text, `JSON (${message})`);
  }
}

function inputsOf(body: Body): Inputs {
  return { args: textOf(body, 'args'), state: textOf(body, 'state'), scope: textOf(body, 'scope') };
}

function fromOf(body: Body): NonNullable<RunRequest['from']> {
  const { segments } = body;
  if (typeof segments !== 'number' || !Number.isInteger(segments) || segments < 1)
    throw invalidArgument('from.segments', segments, 'a whole number from 1');
  return { recording: textOf(body, 'recording'), segments };
}

function answerOf(body: Body): GivenAnswer {
  const { success } = body;
  if (typeof success !== 'boolean') throw invalidArgument('answers.success', success, 'true or false');
  return { callId: textOf(body, 'callId'), success, text: textOf(body, 'text') };
}

function listOf(field: string, value: unknown, most: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= most) return value;
  throw invalidArgument(field, value, `a list of at most ${most}`);
}
