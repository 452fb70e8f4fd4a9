import { mendErrors } from './errors.js';
import { addSymbols } from './symbols.js';

/**
 * Corrects faults of the engine's builtins and adds missing ones, before a library or handler runs. Faults in
 * the engine's own code are mended in `engine/build/mends/`.
 */
export function mend(): void {
  mendErrors();
  addSymbols();
}
