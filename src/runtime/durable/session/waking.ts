import { firstDueMs } from '../../../execution/own-calls.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import type { RuntimeEnvironment } from '../../../support/environment.js';
import { clearTimeout, setTimeout } from '../../../support/timers.js';
import { whenAborted } from '../../../support/waiting.js';

/** How soon messages of other processes are seen while this one makes calls. */
const LOOK_MS = 1_000;

export interface WakingParts {
  readonly environment: RuntimeEnvironment;
  /** Its first timer wakes. */
  readonly run: SuspendedRun;
  readonly signals: readonly AbortSignal[];
  readonly isAwake: boolean;
  /** Given what wakes when an answer or a message has come. */
  readonly onWake: (wake: () => void) => void;
}

/** Resolves when something may have happened: an answer, a message, a timer, or that the claim was lost. */
export function untilWoken({ environment, run, signals, isAwake, onWake }: WakingParts): {
  readonly promise: Promise<void>;
  end(): void;
} {
  const releases: (() => void)[] = [];
  const promise = new Promise<void>((resolve) => {
    onWake(resolve);
    if (isAwake) resolve();
    const timer = setTimeout(resolve, LOOK_MS);
    releases.push(() => clearTimeout(timer));
    const dueAtMs = firstDueMs(run);
    if (dueAtMs !== undefined) releases.push(environment.alarm(dueAtMs, resolve, false));
    for (const signal of signals) releases.push(whenAborted(signal, resolve));
  });
  return {
    promise,
    end() {
      for (const release of releases) release();
    },
  };
}
