import type { FeatureHost } from '../feature.js';
import { beginPromise } from './begin-promise.js';
import { millisecondsOf } from './durations.js';
import { followSignal, type WaitOptions } from './follow-signal.js';

const ErrorConstructor = Error;
const { defineProperty } = Object;

interface SignalOptions extends WaitOptions {
  /** As `$sleep` takes it. */
  readonly timeout?: number | string;
}

/** `$signal(name, { timeout, signal })`: a promise of what is signalled to the run under a name. */
export function signalWait(host: FeatureHost): (name: unknown, options?: SignalOptions) => Promise<unknown> {
  return (name, options) =>
    beginPromise<unknown>((resolve, reject) => {
      const timeout = options?.timeout;
      const timeoutMs = timeout === undefined ? undefined : millisecondsOf('The timeout of $signal', timeout);
      const follow = followSignal(options?.signal, reject);
      if (follow === undefined) return;
      let timerId: string | undefined;
      const clear = () => {
        if (timerId !== undefined) host.clearTimer(timerId);
      };
      const settle = (done: (value: unknown) => void) => (value: unknown) => {
        if (!follow.end()) return;
        clear();
        done(value);
      };
      const callId = host.beginSignal(name, settle(resolve), settle(reject));
      if (timeoutMs !== undefined) {
        const endBy = (error: unknown) => {
          if (!follow.end()) return;
          host.withdrawSignal(callId);
          reject(error);
        };
        try {
          timerId = host.setTimer('$signal', timeoutMs < 0 ? 0 : timeoutMs, () => endBy(late(name, timeoutMs)), endBy);
        } catch (error) {
          host.withdrawSignal(callId);
          throw error;
        }
      }
      follow.begin(() => {
        clear();
        host.withdrawSignal(callId);
      });
    });
}

function late(name: unknown, timeoutMs: number): Error {
  const error = new ErrorConstructor('No signal "' + name + '" came within ' + timeoutMs + ' ms');
  defineProperty(error, 'name', { value: 'TimeoutError', configurable: true, writable: true });
  return error;
}
