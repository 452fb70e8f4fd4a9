import { AbortSignal, abortSignal, adopt, follow, setReporter } from './abort/abort-signal.js';
import { asInterface, exceptionsOf, type FeatureHost } from './feature.js';
import { Opaque } from './opaque.js';

/** https://dom.spec.whatwg.org/#interface-abortcontroller */
class AbortController extends Opaque {
  readonly #signal = adopt();

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason?: unknown): void {
    abortSignal(this.#signal, reason === undefined ? aborted() : reason);
  }

  get [Symbol.toStringTag](): string {
    return 'AbortController';
  }
}

let aborted: () => unknown;

const { prototype } = AbortSignal;
/** The longest delay that the standard allows. */
const { MAX_SAFE_INTEGER } = Number;
const { isFinite: isFiniteNumber } = Number;
const NumberFunction = Number;
const { trunc } = Math;

export default function install(host: FeatureHost): void {
  const DOMException = exceptionsOf(host);
  aborted = () => new DOMException('This operation was aborted', 'AbortError');

  const statics = {
    abort(reason?: unknown): AbortSignal {
      const signal = adopt();
      abortSignal(signal, reason === undefined ? aborted() : reason);
      return signal;
    },
    timeout(...args: [milliseconds?: unknown]): AbortSignal {
      if (args.length === 0) throw new TypeError('1 argument required, but only 0 present');
      const ms = trunc(NumberFunction(args[0]));
      if (!isFiniteNumber(ms) || ms < 0 || ms > MAX_SAFE_INTEGER) {
        throw new TypeError('AbortSignal.timeout takes milliseconds from 0; this is ' + ms);
      }
      const signal = adopt();
      const ring = () =>
        abortSignal(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
      host.setTimer('AbortSignal.timeout', ms, ring, undefined, true);
      return signal;
    },
    any(...args: [signals?: unknown]): AbortSignal {
      if (args.length === 0) throw new TypeError('1 argument required, but only 0 present');
      const [signals] = args;
      if (typeof signals !== 'object' || signals === null || !(Symbol.iterator in signals)) {
        throw new TypeError('The "signals" argument must be a sequence');
      }
      const sources = Array.from(signals as Iterable<unknown>);
      for (const source of sources) {
        if (!(source instanceof AbortSignal)) throw new TypeError('Each of the "signals" must be an AbortSignal');
      }
      return follow(sources as AbortSignal[]);
    },
  };
  for (const [name, value] of Object.entries(statics)) {
    Object.defineProperty(AbortSignal, name, { value, writable: true, enumerable: true, configurable: true });
  }
  setReporter((error) => {
    new Promise((_, reject) => reject(error));
  });
  host.aborting = { AbortSignal, follow };
  host.refuse(prototype, 'an AbortSignal');
  host.refuse(AbortController.prototype, 'an AbortController');
  host.define('AbortController', asInterface(AbortController));
  host.define('AbortSignal', asInterface(AbortSignal));
}
