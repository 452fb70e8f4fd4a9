import type { CallResult } from '../../api/answers.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';

/** Takes part in a run, for tests and recordings. */
export interface RunProbe {
  /**
   * Answers a call.
   *
   * @param byExtension asks the extension of the run's options
   */
  answer?(call: ExtensionCall, byExtension: () => Promise<unknown>): Promise<unknown>;
  /** Whether `answer` answers all there is, so that any extension can be called. @default false */
  readonly answersAll?: boolean;
  /** The guest's clock in the segment that begins, in milliseconds since the epoch. Default: as the run's options say */
  now?(): number;
  /**
   * Told of every segment.
   *
   * @param answers with which the handler went on; none in the first one
   */
  onSegment?(answers: readonly CallResult[], result: WasmResult): void;
}
