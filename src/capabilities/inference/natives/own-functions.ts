import type { Node } from 'acorn';

import { TIMER_METHOD } from '../../../guest/abi.js';
import type { Interpreter } from '../interpreter.js';
import { union, type Value } from '../values/atoms.js';
import type { NativeCall } from './native-methods.js';

/** Builtins that set a timer, and objects that hold them. */
const TIMERS: ReadonlySet<string> = new Set([
  ...['setTimeout', 'setInterval', 'setImmediate', '$sleep', '$sleepUntil'],
  ...['scheduler', 'scheduler.wait', 'scheduler.*'],
  ...['AbortSignal', 'AbortSignal.timeout', 'AbortSignal.*'],
]);

/** What a builtin needs that may be called with anything. */
export function demandOfBuiltin({ demands }: Interpreter, path: string, at: Node, reason: string): void {
  if (TIMERS.has(path)) demands.add('timer', TIMER_METHOD, at, reason);
}

/** A function that sets a timer. Its callback, if it has one, is called later. */
export function callTimer(path: string, { machine, args, at }: NativeCall): Value {
  machine.demands.add('timer', TIMER_METHOD, at, `${path} is called`);
  machine.call(args.at(0), undefined, args.drop(2), at);
  return machine.atoms.primitive;
}

/** A promise that waits for a timer; an AbortSignal may end it with a reason of the handler's. */
export function callSleep(path: string, { machine, args, at }: NativeCall): Value {
  machine.demands.add('timer', TIMER_METHOD, at, `${path} is called`);
  machine.readWhole(args.at(0), at);
  const options = args.from(1);
  if (options.size === 0) return machine.atoms.undefined;
  machine.escape(options, at, 'a call of a builtin');
  machine.callUnknown(at);
  machine.flow.add(machine.thrown, machine.atoms.unknown);
  return union(machine.atoms.undefined);
}
