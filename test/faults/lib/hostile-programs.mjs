import { programs as LOOPS } from '../../hostile/programs/endless-loops.mjs';
import { programs as MEMORY } from '../../hostile/programs/memory-limits.mjs';
import { programs as NATIVE_LOOPS } from '../../hostile/programs/native-loops.mjs';
import { programs as RECURSION } from '../../hostile/programs/recursion.mjs';

const CLASSES = [LOOPS, MEMORY, RECURSION, NATIVE_LOOPS];
/** Every so many programs contain a native loop, since each of those costs a worker. */
const NATIVE_EVERY = 20;

/** The nth program of an endless sequence of hostile programs of all classes. */
export function hostileProgram(n) {
  const kind = n % NATIVE_EVERY === NATIVE_EVERY - 1 ? NATIVE_LOOPS : CLASSES[n % 3];
  return kind[Math.floor(n / 3) % kind.length];
}

/** Executes one for at most `timeoutMs`. Its outcome is not checked. */
export async function executeHostile(runtime, { source, context }, timeoutMs, options = {}) {
  return runtime.executeHandler(source, typeof context === 'function' ? context() : context, { timeoutMs, ...options });
}
