import { mendErrors } from './errors.js';
import { addSymbols } from './symbols.js';

/**
 * What the engine gets wrong among its builtins, or lacks, put right before any library or handler sees them. What is wrong in the
 * engine's own code is mended in `engine/build/mends/`.
 */
export function mend(): void {
  mendErrors();
  addSymbols();
}
