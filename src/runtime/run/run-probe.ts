import type { CallResult } from '../../api/answers.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import type { RequestMock } from '../own/requests.js';
import type { KeepRun } from './run-driver.js';

/** Observes a run and may answer its calls, or keep it; for tests, recordings and runs that are kept. */
export interface RunProbe {
  /**
   * Answers a call.
   *
   * @param byExtension calls the extension of the run's options
   */
  answer?(call: ExtensionCall, byExtension: () => Promise<unknown>): Promise<unknown>;
  /** Whether `answer` answers every call, so that any extension can be called. @default false */
  readonly answersAll?: boolean;
  /** Answers requests of `fetch` in place of the network. */
  readonly request?: RequestMock | undefined;
  /**
   * The guest's clock in the next segment, in milliseconds since the epoch. Default: according to the run's
   * options.
   */
  now?(): number;
  /**
   * Called after every segment.
   *
   * @param answers with which the handler was resumed; none for the first segment
   */
  onSegment?(answers: readonly CallResult[], result: WasmResult): void;
  /** The prefix of its calls' keys. Default: random */
  readonly runId?: string;
  /** Where it goes once it waits only for answers from elsewhere. Default: a method may not return `later` */
  readonly keep?: KeepRun;
}
