import { programs as LOOPS } from '../../hostile/programs/endless-loops.mjs';
import { programs as MEMORY } from '../../hostile/programs/memory-limits.mjs';
import { programs as NATIVE_LOOPS } from '../../hostile/programs/native-loops.mjs';
import { programs as RECURSION } from '../../hostile/programs/recursion.mjs';

const CLASSES = [LOOPS, MEMORY, RECURSION, NATIVE_LOOPS];
/** Native loops cost a worker each: one of so many. */
const NATIVE_EVERY = 20;

/** The nth of an endless row of hostile programs of all classes. */
export function hostileProgram(n) {
  const kind = n % NATIVE_EVERY === NATIVE_EVERY - 1 ? NATIVE_LOOPS : CLASSES[n % 3];
  return kind[Math.floor(n / 3) % kind.length];
}

/** Executes one, for at most `timeoutMs`. Whatever comes of it, it is the program's own. */
export async function executeHostile(runtime, { source, context }, timeoutMs, options = {}) {
  return runtime.executeHandler(source, typeof context === 'function' ? context() : context, { timeoutMs, ...options });
}
