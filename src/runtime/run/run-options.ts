import type { Extension } from '../../api/extension.js';
import type { SegmentEffects } from '../../api/result.js';
import { EXTENSION_NAME, isExtensionName } from '../../capabilities/token.js';
import { checkFunction, invalidArgument, readArgument } from '../../config/check.js';
import { type ExecuteOptions, requireMilliseconds } from '../../execution/request/execute-options.js';

/** Longer than most services take, and shorter than a person waits. */
const DEFAULT_CALL_TIMEOUT_MS = 30_000;

/** Options of `run`. */
export interface RunOptions extends ExecuteOptions {
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
  readonly onEffects?: (effects: SegmentEffects) => unknown;
  /** Deadline of the whole run, including waiting, in milliseconds. Exceeding it gives TIMEOUT. @default none */
  readonly deadlineMs?: number;
  /**
   * Timeout of one extension call, in milliseconds. Exceeding it gives a TimeoutError at the handler's
   * `await`. @default 30,000
   */
  readonly callTimeoutMs?: number;
}

/** @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed */
export function checkRunOptions(options: RunOptions) {
  return readArgument('options', () => readRunOptions(options));
}

function readRunOptions(options: RunOptions) {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidArgument('options', options, 'an object');
  const { extensions = {}, onEffects, deadlineMs, callTimeoutMs = DEFAULT_CALL_TIMEOUT_MS, ...rest } = options;
  if (typeof extensions !== 'object' || extensions === null) {
    throw invalidArgument('extensions', extensions, 'an object of extensions');
  }
  for (const [name, extension] of readArgument('extensions', () => Object.entries(extensions))) {
    if (!isExtensionName(name)) throw invalidArgument('extensions', name, EXTENSION_NAME);
    if (typeof extension !== 'object' || extension === null) {
      throw invalidArgument(`extensions.${name}`, extension, 'an object of functions');
    }
  }
  checkFunction('onEffects', onEffects);
  if (deadlineMs !== undefined) requireMilliseconds('deadlineMs', deadlineMs);
  requireMilliseconds('callTimeoutMs', callTimeoutMs);
  return { extensions, onEffects, deadlineMs, callTimeoutMs, ...rest };
}
