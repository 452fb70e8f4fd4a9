import type { Extension } from '../../api/extension.js';
import type { EventPayloads, LogEntry, SegmentEffects } from '../../api/result.js';
import { EXTENSION_NAME, isExtensionName } from '../../capabilities/token.js';
import { checkFunction, invalidArgument, readArgument } from '../../config/check.js';
import { type ExecuteOptions, requireMilliseconds } from '../../execution/request/execute-options.js';

/** Longer than most services take, and shorter than a person waits. */
const DEFAULT_CALL_TIMEOUT_MS = 30_000;
/** A handler that calls extensions in an endless loop ends by itself. */
const DEFAULT_DEADLINE_MS = 60_000;
const DEFAULT_MAX_CALLS = 1_000;

/**
 * Options of `run`.
 *
 * @typeParam Events an interface of payloads by event name, see {@link EmittedEvent}
 */
export interface RunOptions<Events extends object = EventPayloads> extends ExecuteOptions {
  /**
   * The extensions that the handler can call as `$ext.<name>.<method>(…args)`: objects of functions, or
   * instances of classes, by names without dots. Methods are called with the extension as `this`.
   * `currentCall()` returns the call's `key`, which stays the same if the call is repeated, and an
   * AbortSignal. An error that a method throws is passed to the handler with its name, message and those
   * enumerable fields that can be passed.
   *
   * @default none
   */
  readonly extensions?: Readonly<Record<string, Extension>>;
  /**
   * Receives the effects of the handler in order, whenever it waits and at its end. Awaited before the
   * handler is resumed. @default none
   */
  readonly onEffects?: (effects: SegmentEffects<Events>) => unknown;
  /**
   * Told each line of log, once and in order: at each `await`, and while the handler computes, at least every 100 ms. All are in the
   * result, too. What it throws is a warning. @default none
   */
  readonly onLog?: (entry: LogEntry) => unknown;
  /** For the whole run, waiting included, in milliseconds: TIMEOUT. @default none */
  readonly deadlineMs?: number;
  /** Calls of extensions that the whole run may make: RESOURCE_LIMIT. Infinity for no bound. @default 1,000 */
  readonly maxCalls?: number;
  /** For one call of an extension, in milliseconds: a TimeoutError at the handler's `await`. @default 30,000 */
  readonly callTimeoutMs?: number;
}

/** With defaults; `rest` is for its executions, and not checked yet. */
export type CheckedRunOptions = ReturnType<typeof readRunOptions>;

/** @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed */
export function checkRunOptions(options: RunOptions): CheckedRunOptions {
  return readArgument('options', () => readRunOptions(options));
}

function readRunOptions(options: RunOptions) {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidArgument('options', options, 'an object');
  const { extensions = {}, onEffects, onLog, ...others } = options;
  const { deadlineMs = DEFAULT_DEADLINE_MS, callTimeoutMs = DEFAULT_CALL_TIMEOUT_MS, ...further } = others;
  const { maxCalls = DEFAULT_MAX_CALLS, ...rest } = further;
  checkExtensions(extensions);
  checkFunction('onEffects', onEffects);
  checkFunction('onLog', onLog);
  if (deadlineMs !== Number.POSITIVE_INFINITY) requireMilliseconds('deadlineMs', deadlineMs);
  if (maxCalls !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(maxCalls) && maxCalls >= 0)) {
    throw invalidArgument('maxCalls', maxCalls, 'a whole number from 0, or Infinity');
  }
  requireMilliseconds('callTimeoutMs', callTimeoutMs);
  return { extensions, onEffects, onLog, deadlineMs, maxCalls, callTimeoutMs, rest };
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkExtensions(extensions: Readonly<Record<string, Extension>>): void {
  if (typeof extensions !== 'object' || extensions === null) {
    throw invalidArgument('extensions', extensions, 'an object of extensions');
  }
  for (const [name, extension] of readArgument('extensions', () => Object.entries(extensions))) {
    if (!isExtensionName(name)) throw invalidArgument('extensions', name, EXTENSION_NAME);
    if (typeof extension !== 'object' || extension === null) {
      throw invalidArgument(`extensions.${name}`, extension, 'an object of functions');
    }
  }
}
