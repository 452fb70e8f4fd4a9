import type { Extension } from '../../api/extension.js';
import type { LogEntry, SegmentEffects } from '../../api/result.js';
import { EXTENSION_NAME, isExtensionName } from '../../capabilities/token.js';
import { checkFunction, invalidArgument, readArgument } from '../../config/check.js';
import { type ExecuteOptions, requireMilliseconds } from '../../execution/request/execute-options.js';

/** Longer than most services take, shorter than what a person waits. */
const DEFAULT_CALL_TIMEOUT_MS = 30_000;

/** Options of `run`. */
export interface RunOptions extends ExecuteOptions {
  /**
   * What the handler can call as `$ext.<name>.<method>(…args)`: objects of functions, or instances of classes, by names without dots. A method finds its
   * extension as `this`; `currentCall()` tells it the call's `key`, the same if the call is made again, and gives it an AbortSignal.
   * What it throws enters the VM with its name, message and those enumerable fields that can.
   *
   * @default none
   */
  readonly extensions?: Readonly<Record<string, Extension>>;
  /** Told what the handler did, in order, whenever it waits and at its end. Awaited before it goes on. @default none */
  readonly onEffects?: (effects: SegmentEffects) => unknown;
  /**
   * Told each line of log, once and in order: at each `await`, and while the handler computes, at least every 100 ms. All are in the
   * result, too. What it throws is a warning. @default none
   */
  readonly onLog?: (entry: LogEntry) => unknown;
  /** For the whole run, waiting included, in milliseconds: TIMEOUT. @default none */
  readonly deadlineMs?: number;
  /** For one call of an extension, in milliseconds: a TimeoutError at the handler's `await`. @default 30,000 */
  readonly callTimeoutMs?: number;
}

/** @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed */
export function checkRunOptions(options: RunOptions) {
  return readArgument('options', () => readRunOptions(options));
}

function readRunOptions(options: RunOptions) {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidArgument('options', options, 'an object');
  const { extensions = {}, onEffects, onLog, deadlineMs, callTimeoutMs = DEFAULT_CALL_TIMEOUT_MS, ...rest } = options;
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
  checkFunction('onLog', onLog);
  if (deadlineMs !== undefined) requireMilliseconds('deadlineMs', deadlineMs);
  requireMilliseconds('callTimeoutMs', callTimeoutMs);
  return { extensions, onEffects, onLog, deadlineMs, callTimeoutMs, ...rest };
}
