import { readFileSync } from 'node:fs';
import { PRELUDE_URL } from '../../assets.js';
import { type EngineModule, loadEngine } from '../../engine/load-engine.js';
import { keepTimers } from '../../support/timers.js';
import { withLateTierUp } from './late-tier-up.js';

/** What a test runtime is made of, apart from code. */
export interface Parts {
  readonly engine: EngineModule;
  /** The encoded prelude image. */
  readonly prelude: Uint8Array;
}

/** Nobody may ever ask for them: that they cannot be had is told to who does. */
export function loadParts(): Promise<Parts> {
  keepTimers();
  const loading = withLateTierUp(loadEngine);
  // To wait for a file takes the thread longer than to read it.
  const parts = loading.then((engine) => ({ engine, prelude: readFileSync(PRELUDE_URL) }));
  parts.catch(() => {});
  return parts;
}
