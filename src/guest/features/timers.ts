import type { FeatureHost } from './feature.js';
import { beginPromise } from './timers/begin-promise.js';
import { millisecondsOf, shown } from './timers/durations.js';
import { followSignal, type WaitOptions } from './timers/follow-signal.js';
import { signalWait } from './timers/signal-wait.js';

const { now: dateNow, parse: parseDate } = Date;
const { create } = Object;
const { apply } = Reflect;
const { getTime } = Date.prototype;
const TypeErrorConstructor = TypeError;
const DateConstructor = Date;
const NumberFunction = Number;
const { isNaN: isNotANumber } = Number;

/** The largest delay of `setTimeout`: it is a signed integer of 32 bits. */
const MAX_DELAY_MS = 2_147_483_647;

/** A timer of `setTimeout` or `setInterval`. */
interface Timer {
  /** Undefined while its callback runs. */
  callId: string | undefined;
}

/** https://html.spec.whatwg.org/#timers, and waits that are promises: for a time, and for a signal to the run. */
export default function install(host: FeatureHost): void {
  /** By their numbers. */
  const timers = create(null) as Record<number, Timer>;
  let count = 0;

  /** As the web converts it: what does not fit is 0. Node warns of it, too. */
  const delayOf = (name: string, delay: unknown): number => {
    const given = NumberFunction(delay);
    if (given > MAX_DELAY_MS) {
      const text = 'TimeoutOverflowWarning: ' + given + ' does not fit into a 32-bit signed integer. ' + name;
      host.log('warn', text + ' was called with a delay of 0; $sleep takes longer ones.');
    }
    const whole = given | 0;
    return whole < 0 ? 0 : whole;
  };

  const begin = (name: string, callback: unknown, delay: unknown, args: unknown[], repeats: boolean): number => {
    if (typeof callback !== 'function') {
      throw new TypeErrorConstructor('The first argument of ' + name + ' is not a function; code as text is not run');
    }
    const delayMs = delayOf(name, delay);
    const id = count + 1;
    const ring = () => {
      if (!repeats) {
        delete timers[id];
        apply(callback as () => void, globalThis, args);
        return;
      }
      const timer = timers[id] as Timer;
      timer.callId = undefined;
      try {
        apply(callback as () => void, globalThis, args);
      } finally {
        // Counted from now: times that have passed while the handler was suspended are not made up for.
        if (timers[id] === timer) timer.callId = host.setTimer(name, delayMs, ring);
      }
    };
    timers[id] = { callId: host.setTimer(name, delayMs, ring) };
    return ++count;
  };

  const clear = (id: unknown): void => {
    const number = NumberFunction(id);
    const timer = timers[number];
    if (timer === undefined) return;
    delete timers[number];
    if (timer.callId !== undefined) host.clearTimer(timer.callId);
  };

  const wait = (name: string, read: () => number, options: WaitOptions | undefined): Promise<void> =>
    beginPromise<void>((resolve, reject) => {
      const delayMs = read();
      const follow = followSignal(options?.signal, reject);
      if (follow === undefined) return;
      const callId = host.setTimer(
        name,
        delayMs < 0 ? 0 : delayMs,
        () => follow.end() && resolve(),
        (error) => follow.end() && reject(error),
      );
      follow.begin(() => host.clearTimer(callId));
    });

  host.define('setTimeout', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    begin('setTimeout', callback, delay, args, false),
  );
  host.define('setInterval', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    begin('setInterval', callback, delay, args, true),
  );
  host.define('clearTimeout', (id?: unknown) => clear(id));
  host.define('clearInterval', (id?: unknown) => clear(id));
  host.define('$sleep', (duration: unknown, options?: WaitOptions) =>
    wait('$sleep', () => millisecondsOf('$sleep', duration), options),
  );
  host.define('$sleepUntil', (date: unknown, options?: WaitOptions) =>
    wait('$sleepUntil', () => timeOf(date) - dateNow(), options),
  );
  host.define('$signal', signalWait(host));
  const scheduler = {
    wait: (delay: unknown, options?: WaitOptions) =>
      wait('scheduler.wait', () => delayOf('scheduler.wait', delay), options),
  };
  Object.defineProperty(scheduler, Symbol.toStringTag, { value: 'Scheduler', configurable: true });
  host.define('scheduler', scheduler);
}

function timeOf(date: unknown): number {
  const time =
    date instanceof DateConstructor
      ? apply(getTime, date, [])
      : typeof date === 'string'
        ? parseDate(date)
        : typeof date === 'number'
          ? date
          : undefined;
  if (typeof time === 'number' && !isNotANumber(time)) return time;
  throw new TypeErrorConstructor(
    '$sleepUntil takes a Date, a date as text, or milliseconds since the epoch; this is ' + shown(date),
  );
}
