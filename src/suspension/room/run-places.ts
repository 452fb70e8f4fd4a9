import type { WasmError } from '../../api/result.js';
import { DEFAULT_KEPT_IN_MEMORY, defaultKeptPerTenant } from '../../config/defaults.js';
import type { SuspensionConfig } from '../../config/resolve-suspension.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import { storedTenant } from '../sealed/run-envelope.js';
import { noRoomForRun } from '../suspension-results.js';
import type { Bound } from './kept.js';
import { Ledger } from './ledger.js';

/** The place of one run, from its first wait to its end. */
export interface RunPlace {
  /** Takes the place for its present wait, replacing the previous one. @returns the reason if there is no room */
  take(run: SuspendedRun): WasmError | undefined;
  release(): void;
}

/**
 * Room for the handlers that wait in a `run`: they are in this process's memory, whichever store is used. If
 * suspended handlers are kept in memory, both have the same bounds, each separately; otherwise the defaults
 * for memory apply.
 */
export class RunPlaces {
  readonly #ledger: Ledger;

  constructor({ place, maxSuspensions, maxSuspendedBytes }: SuspensionConfig) {
    const inMemory = (most: number): Bound => ({ total: most, perTenant: defaultKeptPerTenant(most) });
    const bounds =
      place === 'memory'
        ? { suspensions: maxSuspensions, bytes: maxSuspendedBytes }
        : { suspensions: inMemory(DEFAULT_KEPT_IN_MEMORY.suspensions), bytes: inMemory(DEFAULT_KEPT_IN_MEMORY.bytes) };
    this.#ledger = new Ledger({ ...bounds, outcomeShare: 0 }, { retainsEnvelopes: false, forgets: true });
  }

  /** @param runId a unique id of the run */
  open(runId: string): RunPlace {
    let waits = 0;
    let held: string | undefined;
    let heldBytes = 0;
    const release = () => {
      if (held !== undefined) this.#ledger.forget(held);
      held = undefined;
    };
    return {
      take: (run) => {
        const bytes = run.snapshot.length + (run.leftOut?.countedBytes ?? 0);
        // perf: the place that it has is as good: nothing of a ledger depends on how old what waits is.
        if (held !== undefined && bytes === heldBytes) return undefined;
        const next = `${runId}.${++waits}`;
        const refusal = this.#ledger.admit(next, storedTenant(run.tenant), bytes, held);
        if (refusal !== undefined) return noRoomForRun(refusal, bytes);
        release();
        held = next;
        heldBytes = bytes;
        return undefined;
      },
      release,
    };
  }
}
