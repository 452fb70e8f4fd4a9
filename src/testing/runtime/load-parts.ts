import { readFileSync } from 'node:fs';
import { PRELUDE_URL } from '../../assets.js';
import { type EngineModule, loadEngine } from '../../engine/load-engine.js';
import { keepTimers } from '../../support/timers.js';
import { withLateTierUp } from './late-tier-up.js';

/** The parts of a test runtime, apart from code. */
export interface Parts {
  readonly engine: EngineModule;
  /** The encoded prelude image. */
  readonly prelude: Uint8Array;
}

/** The parts may never be used: a failure is reported to the first user. */
export function loadParts(): Promise<Parts> {
  keepTimers();
  const loading = withLateTierUp(loadEngine);
  // perf: waiting for a file takes the thread longer than reading it.
  const parts = loading.then((engine) => ({ engine, prelude: readFileSync(PRELUDE_URL) }));
  parts.catch(() => {});
  return parts;
}
