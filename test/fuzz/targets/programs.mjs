// Programs that look for a hole in the engine's memory, beside another tenant on the same worker.
import { GuestGrammar } from '../lib/guest-grammar.mjs';
import { Neighbour } from '../lib/neighbour.mjs';
import { ATTACK, openRuntime } from '../lib/runtime.mjs';
import { withoutLines } from '../lib/shrink.mjs';

export const cases = 100_000;
export const short = 24;

/** A case is a source. */
export function generate(random) {
  return new GuestGrammar(random).program();
}

export async function open() {
  const runtime = await openRuntime();
  return { runtime, neighbour: await Neighbour.settle(runtime) };
}

export function close({ runtime }) {
  return runtime.shutdown({ drainTimeoutMs: 1_000 });
}

export function run(source, { runtime, neighbour }) {
  return neighbour.beside(runtime, () => runtime.executeHandler(source, {}, ATTACK));
}

export function smaller(source) {
  return withoutLines(source);
}
