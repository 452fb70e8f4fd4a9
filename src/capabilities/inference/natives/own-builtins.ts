import type { Node } from 'acorn';

import { TIMER_METHOD } from '../../../guest/abi.js';
import type { Interpreter } from '../interpreter.js';

/** Builtins that set a timer, and objects that hold them. */
const TIMERS: ReadonlySet<string> = new Set([
  ...['setTimeout', 'setInterval', 'setImmediate', '$sleep', '$sleepUntil'],
  ...['scheduler', 'scheduler.wait', 'scheduler.*'],
  ...['AbortSignal', 'AbortSignal.timeout', 'AbortSignal.*'],
]);

/** What a builtin needs that may be called with anything. */
export function demandOfBuiltin({ demands }: Interpreter, path: string, at: Node, reason: string): void {
  if (TIMERS.has(path)) demands.add('timer', TIMER_METHOD, at, reason);
  if (path === '$signal') {
    demands.add('signal', '*', at, reason);
    demands.add('timer', TIMER_METHOD, at, reason);
  }
  if (path === 'fetch') demands.add('net', '*', at, reason);
}
