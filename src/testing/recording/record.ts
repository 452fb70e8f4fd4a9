import type { AsyncResult, CallResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import { boolean, invalidArgument } from '../../config/check.js';
import { checkShape, type ExecuteOptions, type ResumeOptions } from '../../execution/request/execute-options.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import { hasSchemas } from '../../runtime/schema-calls.js';
import { Recorder } from './recorder.js';
import { RecordingFiles, type RecordingPlace } from './recording-files.js';

/** Options of `record`. */
export type RecordOptions = RecordingPlace & {
  /** Whether only failures are kept. @default false */
  readonly onlyFailures?: boolean;
};

/** A runtime that also records. */
export type RecordingRuntime = NexusRuntime & {
  /** Resolves when everything recorded so far is written. */
  recordingsWritten(): Promise<void>;
};

export async function startRecording(runtime: NexusRuntime, options: RecordOptions): Promise<RecordingRuntime> {
  checkShape('options', options, { file: true, directory: true, onlyFailures: true });
  const place = options as { readonly file?: unknown; readonly directory?: unknown };
  const paths = [place.file, place.directory].filter((path) => path !== undefined);
  if (paths.length !== 1 || typeof paths[0] !== 'string' || paths[0] === '') {
    throw invalidArgument('options', options, 'an object with either file or directory, a path');
  }
  const onlyFailures = boolean('onlyFailures', options.onlyFailures, false);
  if (typeof runtime?.executeHandler !== 'function' || runtime.inner === undefined) {
    throw invalidArgument('runtime', runtime, 'a runtime of createRuntime, of this version of the library');
  }
  const files = new RecordingFiles(options);
  await files.open();
  const recorder = new Recorder(runtime, files, onlyFailures);
  const shutdown: NexusRuntime['shutdown'] = async (given) => {
    await runtime.shutdown(given);
    await recorder.settled();
  };
  // Schemas are checked around what is recorded: it is what the handler gets, and what it returns.
  const { schemaCalls } = runtime.inner;
  const execute = (code: string | Uint8Array, context: WasmContext = {}, given?: number | ExecuteOptions) =>
    hasSchemas(given)
      ? schemaCalls.execute(context, given, (checked, rest) => recorder.execute(code, checked, rest))
      : recorder.execute(code, context, given);
  const resume = (id: string, answers: AsyncResult | readonly CallResult[], given?: number | ResumeOptions) =>
    hasSchemas(given)
      ? schemaCalls.resume(given, (rest) => recorder.resume(id, answers, rest))
      : recorder.resume(id, answers, given);
  const run = (code: string | Uint8Array, context: WasmContext = {}, given: RunOptions = {}) =>
    hasSchemas(given)
      ? schemaCalls.execute(context, given, (checked, rest) => recorder.run(code, checked, rest))
      : recorder.run(code, context, given);
  const recorded: Readonly<Record<PropertyKey, unknown>> = {
    executeHandler: execute,
    executeCompiledHandler: execute,
    resumeHandler: resume,
    run,
    recordingsWritten: () => recorder.settled(),
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
  return new Proxy(runtime, {
    get(target, name) {
      const own: unknown = Reflect.get(recorded, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      // Private fields of a class are only found on its own instance.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as RecordingRuntime;
}
