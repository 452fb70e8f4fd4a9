// State that exists once per process, whichever entries of the package are imported. The bundles share this
// file; everything else is in each of them.

import { explainMissingFile } from '../errors/left-behind.js';
import { NexusError } from '../errors/nexus-error.js';
import { located } from '../support/located.js';
import { currentCall, withCall } from './run/current-call.js';

const own = { currentCall, explainMissingFile, NexusError, withCall };

/** A bundle of CommonJS has no folder of the package, and shares with its like. */
function shared(): typeof own {
  const folder = located(() => {
    return new URL('.', import.meta.url);
  });
  const key = Symbol.for(`nexus-runtime ${folder.href}`);
  const registry = globalThis as { [key: symbol]: typeof own | undefined };
  const found = registry[key];
  if (found !== undefined) return found;
  // Where nothing can be added, each has its own.
  Reflect.defineProperty(globalThis, key, { value: own });
  return own;
}

const one = shared();
const { currentCall: call, explainMissingFile: explain, NexusError: ErrorClass, withCall: within } = one;

export { call as currentCall, ErrorClass as NexusError, explain as explainMissingFile, within as withCall };
