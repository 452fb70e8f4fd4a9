import type { ErrorCause } from '../../api/result.js';
import { cutText } from './cut-text.js';
import type { ErrorPlaces } from './error-places.js';
import { readStack } from './guest-stack.js';
import { whatThereIs } from './missing-names.js';
import { nameExpression } from './naming.js';
import { isSmall } from './small-values.js';

/** What the prelude says of a thrown value. All of it is the guest's own word: every field is checked for its type. */
export interface Description {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly code?: unknown;
  readonly context?: unknown;
  readonly fields?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly dropped?: unknown;
  readonly thrown?: unknown;
  /** Why not all of `thrown` could leave the VM. */
  readonly reason?: unknown;
  /** Present if it was not thrown: the number of promises that were rejected and not handled. */
  readonly unhandledRejections?: unknown;
}

/** What an error came from. */
export interface ErrorSource {
  readonly filename: string;
  readonly places: ErrorPlaces;
  readonly libraries: readonly string[];
}

/** An error as the handler threw it, with what is known of it beyond the engine's words. */
export interface Thrown extends Omit<ErrorCause, 'thrown'> {
  readonly name: string;
  /** Of the error itself, not of its causes. */
  readonly snippet?: string;
}

/** Of fields, and of causes inside of each other. */
const MAX_FIELDS = 50;
const MAX_DEPTH = 8;
/** Of all errors that are described in one: each has its frames, whose places are looked up in the source. */
const MAX_DESCRIBED = 20;
const MAX_FIELD_NAME = 200;
const LARGE_BIGINT = 2n ** 64n;

export function readThrown(description: Description, source: ErrorSource): Thrown {
  return readError(description, { ...source, left: MAX_DESCRIBED }, 0);
}

/** Where errors come from, and how many more are described. */
interface Describing extends ErrorSource {
  left: number;
}

function readError(description: Description, origin: Describing, depth: number): Thrown {
  origin.left--;
  const name = typeof description.name === 'string' ? cutText(description.name) : 'Error';
  const given = typeof description.message === 'string' ? cutText(description.message) : '';
  const raw = typeof description.stack === 'string' ? description.stack : '';
  const stack = readStack(raw, description.message, origin.filename, origin.places);
  const named = isNameable(given) ? nameIn(given, stack.failedPlace) : given;
  const message = withHint(named, name, origin.libraries);
  const dropped: string[] = [];
  const fields = readFields(description.fields, dropped);
  return {
    name,
    message,
    ...(stack.frames !== '' && { stack: `${headOf(name, message)}\n${stack.frames}` }),
    ...(stack.place && { location: stack.place.location }),
    ...(stack.place?.lines && depth === 0 && { snippet: stack.place.lines.snippet(stack.place.location) }),
    ...(fields && { fields }),
    ...readCauses(description, origin, depth, dropped),
    ...readDropped(description.dropped, dropped),
  };
}

/** `Name: message`, as the language makes it. */
export function headOf(name: string, message: string): string {
  if (message === '') return name;
  return name === '' ? message : `${name}: ${message}`;
}

/** Messages of the engine that do not say what they are about. Others are not looked at. */
function isNameable(message: string): boolean {
  return /^(?:not a function|cannot (?:read|set) property|cannot convert to object|value is not iterable)/.test(
    message,
  );
}

function withHint(message: string, name: string, libraries: readonly string[]): string {
  if (name !== 'ReferenceError' && name !== 'TypeError') return message;
  const hint = whatThereIs(message, libraries);
  return hint === undefined ? message : `${message}; ${hint}`;
}

function nameIn(message: string, placeOf: () => ReturnType<ReturnType<typeof readStack>['failedPlace']>): string {
  const place = placeOf();
  return (place && nameExpression(message, place)) ?? message;
}

function readFields(given: unknown, dropped: string[]): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(given)) return undefined;
  const names = Object.keys(given);
  const fields: Record<string, unknown> = {};
  for (const name of names.slice(0, MAX_FIELDS)) {
    const value = given[name];
    if (name.length > MAX_FIELD_NAME || name === '__proto__' || !isSmall(value)) dropped.push(cutName(name));
    else fields[name] = value;
  }
  for (const name of names.slice(MAX_FIELDS, 2 * MAX_FIELDS)) dropped.push(cutName(name));
  return Object.keys(fields).length > 0 ? fields : undefined;
}

function readCauses(
  { cause, errors }: Description,
  origin: Describing,
  depth: number,
  dropped: string[],
): Pick<Thrown, 'cause' | 'errors'> {
  if (cause === undefined && errors === undefined) return {};
  if (depth === MAX_DEPTH || origin.left <= 0) {
    dropped.push(cause === undefined ? 'errors' : 'cause');
    return {};
  }
  const read = (one: unknown) => readCause(one, origin, depth + 1);
  const described = isRecord(cause) ? { cause: read(cause) } : {};
  if (!Array.isArray(errors)) return described;
  const few: ErrorCause[] = [];
  for (const error of errors) {
    if (origin.left <= 0) break;
    few.push(read(error));
  }
  if (few.length < errors.length) dropped.push('errors');
  return { ...described, errors: few };
}

function readCause(given: unknown, origin: Describing, depth: number): ErrorCause {
  const description = (isRecord(given) ? given : {}) as Description;
  if (!('thrown' in description)) return readError(description, origin, depth);
  origin.left--;
  const { thrown } = description;
  return {
    ...readThrownName(description),
    message: renderThrown(description),
    ...(isSmall(thrown) && { thrown }),
    ...readDropped(description.dropped, []),
  };
}

/** The name that a thrown value has, although it is no error. */
export function readThrownName({ name }: Description): Pick<ErrorCause, 'name'> {
  return typeof name === 'string' ? { name: cutText(name) } : {};
}

export function readDropped(said: unknown, known: readonly string[]): Pick<Thrown, 'dropped'> {
  const names = Array.isArray(said) ? said.slice(0, MAX_FIELDS).filter((name) => typeof name === 'string') : [];
  const dropped = [...(names as string[]).map(cutName), ...known];
  return dropped.length > 0 ? { dropped } : {};
}

/** What was thrown and is no error, with what it says of itself, and why not all of it is told. */
export function renderThrown({ thrown, name, message, reason }: Description): string {
  if (typeof reason !== 'string' && (typeof thrown !== 'object' || thrown === null)) return renderValue(thrown);
  const head = headOf(
    typeof name === 'string' ? cutText(name) : '',
    typeof message === 'string' ? cutText(message) : '',
  );
  const why = typeof reason === 'string' ? `; ${cutText(reason)}` : '';
  return `an object that is not an Error${head === '' ? '' : ` (${head})`}${why}`;
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cutText(value));
  if (typeof value === 'bigint' && (value > LARGE_BIGINT || value < -LARGE_BIGINT)) return 'a large BigInt';
  return String(value);
}

function cutName(name: string): string {
  return name.length <= MAX_FIELD_NAME ? name : `${name.slice(0, MAX_FIELD_NAME)}…`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
