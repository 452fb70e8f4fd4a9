// The outcomes that a program may have, and the comparison of a result with them.
import { inspect, isDeepStrictEqual } from 'node:util';

/** The timeout of programs that are expected to exceed it, in milliseconds. */
export const TIMEOUT_MS = 100;
/** The limits of every program. */
export const MEMORY_LIMIT_BYTES = 32 * 2 ** 20;
export const STACK_SIZE_BYTES = 512 * 2 ** 10;

const NO_EFFECTS = { stateMutations: [], events: [], viewCommands: [], logs: [] };

/**
 * An outcome describes a result completely: effects that it does not name must not exist. A RegExp stands for the strings
 * that it matches, a function for the values for which it returns true.
 */
export function success(returnValue, effects = {}) {
  return { status: 'success', returnValue, code: undefined, ...NO_EFFECTS, ...effects };
}

/** @param fields of the error (message, context, line) and effects */
export function failure(code, fields = {}) {
  return { status: 'error', returnValue: undefined, code, ...NO_EFFECTS, ...fields };
}

/** The call rejects, because of the caller or of a value that the caller passed. */
export function rejection(code, message, fields = {}) {
  return { status: 'rejected', code, message, ...fields };
}

/** @param layers that may have ended it; each is a separate outcome */
export function timeout(layers = ['interrupt'], fields = {}, timeoutMs = TIMEOUT_MS) {
  return layers.map((layer) =>
    failure('TIMEOUT', {
      message: new RegExp(`timeoutMs \\(${timeoutMs} ms\\)`),
      context: { limit: 'timeoutMs', value: timeoutMs, layer },
      // An execution that loses its worker loses its effects.
      ...(layer !== 'watchdog' && fields),
    }),
  );
}

export function outOfMemory(fields = {}) {
  return failure('MEMORY_LIMIT', {
    message: /memoryLimitBytes/,
    context: ({ limit, value }) => limit === 'memoryLimitBytes' && value === MEMORY_LIMIT_BYTES,
    ...fields,
  });
}

export function stackOverflow(fields = {}) {
  return failure('STACK_OVERFLOW', {
    message: /stackSizeBytes/,
    context: ({ limit, value }) => limit === 'stackSizeBytes' && value === STACK_SIZE_BYTES,
    ...fields,
  });
}

/** An error that the handler threw. */
export function thrown(message, fields = {}) {
  return failure('EXECUTION_ERROR', { message, context: undefined, ...fields });
}

/** A thrown value that is not an Error. */
export function thrownValue(value, fields = {}) {
  return failure('EXECUTION_ERROR', { message: /^The handler threw /, context: { thrown: value }, ...fields });
}

export function denied(capability, fields = {}) {
  return failure('PERMISSION_DENIED', {
    message: new RegExp(literally(`"${capability}"`)),
    context: { capability },
    ...fields,
  });
}

export function notTransferable(path, fields = {}) {
  return failure('SERIALIZATION_ERROR', {
    message: new RegExp(`^(${literally(path)}|The outcome of the handler)`),
    context: { path },
    ...fields,
  });
}

export function overLimit(limit, value, fields = {}) {
  return failure('RESOURCE_LIMIT', {
    message: new RegExp(limit),
    context: (context) => context?.limit === limit && context.value === value,
    ...fields,
  });
}

/** It succeeds, and so many entries of its log are cut or left out. */
export function cutLog(omitted) {
  return success(undefined, {
    logs: (logs) => {
      const characters = logs.slice(0, -1).reduce((sum, { message }) => sum + message.length, 0);
      return logs.at(-1).omitted === omitted && characters === 65_536;
    },
  });
}

export function deadlock(fields = {}) {
  return failure('DEADLOCK', { message: /waits for a promise/, context: {}, ...fields });
}

export function syntaxError(message, line) {
  return failure('COMPILATION_ERROR', { message, context: undefined, ...(line !== undefined && { line }) });
}

export function escapesWrapper() {
  return failure('INVALID_HANDLER', { message: /closes the function it is the body of/, context: (it) => it !== null });
}

/** Why a result matches no outcome, compared with the nearest one; undefined if it matches. */
export function mismatch(result, outcomes) {
  const facts = factsOf(result);
  const differences = outcomes.map((outcome) =>
    Object.keys(outcome).flatMap((key) =>
      matches(outcome[key], facts[key]) ? [] : [`${key} is ${show(facts[key])}, not ${show(outcome[key])}`],
    ),
  );
  return differences.sort((a, b) => a.length - b.length).map((lines) => lines.join('; '))[0] || undefined;
}

function factsOf({ status, returnValue, error, stateMutations, events, viewCommands, logs }) {
  const { code, message, location, stack } = error ?? {};
  const context = withoutRemedy(error?.context);
  return {
    ...{ status, returnValue, stateMutations, events, viewCommands, logs },
    ...{ code, message, context, line: location?.line, stack },
  };
}

function matches(expected, actual) {
  if (typeof expected === 'function') return says(expected, actual);
  if (expected instanceof RegExp) return typeof actual === 'string' && expected.test(actual);
  return isDeepStrictEqual(actual, expected);
}

/** A check fails if its input has another type than it expects. */
function says(check, actual) {
  try {
    return check(actual) === true;
  } catch {
    return false;
  }
}

function show(value) {
  return inspect(value, { depth: 4, breakLength: Infinity, maxStringLength: 200, maxArrayLength: 5 });
}

function literally(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** What the operator can do is not part of an outcome. */
function withoutRemedy(context) {
  if (context?.remedy === undefined) return context;
  const { remedy: _, ...others } = context;
  return others;
}
