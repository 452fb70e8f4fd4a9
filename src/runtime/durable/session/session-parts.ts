import type { WasmResult } from '../../../api/result.js';
import type { HandlerRef } from '../../../compiler/handler-loader.js';
import type { SegmentRunner } from '../../../execution/segment-runner.js';
import type { Telemetry } from '../../../metrics/telemetry.js';
import type { RuntimeEnvironment } from '../../../support/environment.js';
import type { DurableStore } from '../../../suspension/durable/durable-store.js';
import type { Requests } from '../../own/requests.js';
import type { Quotas } from '../../quota/quotas.js';
import type { ExtensionMethods } from '../../run/extension-methods.js';
import type { RunHistories } from '../run-histories.js';
import type { RunCode } from '../run-input.js';
import type { TaskRun, TaskSender } from '../task-sender.js';
import type { CheckedWorkOptions } from '../work-options.js';

/** What the sessions of a worker have in common. */
export interface SessionParts {
  readonly store: DurableStore;
  readonly executions: SegmentRunner;
  readonly requests: Requests;
  readonly telemetry: Telemetry;
  readonly quotas: Quotas | undefined;
  readonly environment: RuntimeEnvironment;
  /** Told what happens to runs, for people. @default nobody */
  readonly histories?: RunHistories;
  readonly deployment: string;
  /** The label of a run of a deployment in the store. @default the deployment */
  readonly labelOf?: (deployment: string) => string;
  readonly options: CheckedWorkOptions;
  readonly methods: ExtensionMethods;
  readonly resolve: (code: RunCode) => Promise<HandlerRef>;
  /** Aborted when nothing new is begun: what waits is given back. */
  readonly closing: AbortSignal;
  /** Aborted when segments are ended, too. */
  readonly stopping: AbortSignal;
  /** Told when a run is due at a time and nobody has it. */
  readonly onRelease: (dueAtMs: number, run: TaskRun) => Promise<void> | undefined;
  /** Tells others what there is to do; undefined where they look for it. */
  readonly sender: TaskSender | undefined;
  readonly onEnd: (runId: string) => void;
  /** What is kept with each generation of the run, which is not tried again then. @default nothing */
  readonly notes?: RunNotes;
}

/** What the part of the application that drives a run keeps with it. */
export interface RunNotes {
  /** Told what was kept with the generation that was claimed. */
  open(notes: string): void;
  /** What is to be kept with the next one, which a segment led to. It may be asked for again. */
  write(result?: Pick<WasmResult, 'logs'>): string;
  /** The result that is recorded as the end: what was kept with the generations is gone then. */
  end(result: WasmResult): WasmResult;
}
