import { WasmBinary } from '../wasm/binary.js';
import { countsOfNames } from './counts.js';
import { offsetsOfZones, zonesOfDates } from './dates.js';
import { EngineEditor } from './engine-editor.js';
import { framesOfOurs, headOfStacks, placesOfInterruptions, placesOfValues, stackOverflows } from './errors.js';
import { leavingOfDelegation, leavingOfLoops, queuesOfGenerators } from './generators.js';
import { closingOfHelpers, spreadOfFailingIterators } from './iteration.js';
import { freshLoopVariables, membersOfLiterals } from './loops.js';
import type { Mend } from './mend.js';
import { constructsToLower, placesOfLowered } from './notes.js';
import { bigintsAgainstNumbers, unsignedBigInts } from './numbers.js';
import { comparatorsOfSame, frozenTemplates, keysOfProxies, spreadOfTexts } from './objects.js';
import { placesOfClassCalls, placesOfPatterns } from './places.js';
import { templatesInOrder } from './templates.js';
import { valuesOfWith } from './typed-arrays.js';
import { objectsOfWriter } from './writer.js';

/** All corrections of the engine's binary. Faults of builtins alone are corrected in `guest/prelude/mends/`. */
export const MENDS: readonly Mend[] = [
  freshLoopVariables,
  membersOfLiterals,
  templatesInOrder,
  bigintsAgainstNumbers,
  unsignedBigInts,
  valuesOfWith,
  spreadOfTexts,
  keysOfProxies,
  frozenTemplates,
  comparatorsOfSame,
  spreadOfFailingIterators,
  closingOfHelpers,
  queuesOfGenerators,
  leavingOfLoops,
  leavingOfDelegation,
  placesOfPatterns,
  placesOfClassCalls,
  headOfStacks,
  framesOfOurs,
  placesOfValues,
  placesOfInterruptions,
  stackOverflows,
  zonesOfDates,
  offsetsOfZones,
  constructsToLower,
  placesOfLowered,
  countsOfNames,
  objectsOfWriter,
];

/**
 * @param names the mends that the engine needs
 * @throws Error naming a mend that is unknown or whose code was not found
 */
export function applyMends(binary: WasmBinary, names: readonly string[]): void {
  const engine = new EngineEditor(binary);
  for (const name of names) {
    const mend = MENDS.find((candidate) => candidate.name === name);
    if (mend === undefined) throw new Error(`there is no mend "${name}"`);
    try {
      mend.apply(engine);
    } catch (error) {
      throw new Error(`the mend "${name}" does not fit the engine: ${(error as Error).message}`, { cause: error });
    }
  }
}

/**
 * The names of the mends whose code is in an engine. It no longer needs the others, or they must be adapted
 * to it.
 */
export function fittingMends(upstream: Uint8Array): string[] {
  return MENDS.filter(({ name }) => {
    try {
      applyMends(new WasmBinary(upstream), [name]);
      return true;
    } catch {
      return false;
    }
  }).map(({ name }) => name);
}
