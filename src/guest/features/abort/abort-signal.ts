import { Opaque } from '../opaque.js';

type Listener = ((event: AbortEvent) => unknown) | { handleEvent(event: AbortEvent): unknown };

interface Entry {
  readonly type: string;
  readonly listener: Listener;
  readonly capture: boolean;
  readonly once: boolean;
  isRemoved: boolean;
}

/** What listeners get: the fields of an Event that mean something without a document. */
export interface AbortEvent {
  readonly type: string;
  readonly target: AbortSignal | null;
  readonly currentTarget: AbortSignal | null;
  readonly isTrusted: boolean;
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly defaultPrevented: boolean;
}

/** Signals are made by this module alone. */
const KEY = {};
let report: (error: unknown) => void = () => {};

export function setReporter(reporter: (error: unknown) => void): void {
  report = reporter;
}

/** Makes a signal. */
export let adopt: () => AbortSignal;
/** Aborts a signal and those that follow it. */
export let abortSignal: (signal: AbortSignal, reason: unknown) => void;
/** A signal that is aborted when the first of these is. */
export let follow: (sources: readonly AbortSignal[]) => AbortSignal;

/** https://dom.spec.whatwg.org/#interface-AbortSignal, with the methods of an EventTarget. */
export class AbortSignal extends Opaque {
  #aborted = false;
  #reason: unknown;
  #entries: Entry[] = [];
  #onabort: ((event: AbortEvent) => unknown) | null = null;
  /** Where {@link onabort} stands among the listeners. */
  #handler: Entry | undefined;
  /** The signals that this one follows: none of them follows another. */
  #sources: AbortSignal[] = [];
  #followers: AbortSignal[] = [];

  static {
    adopt = () => new AbortSignal(KEY);
    follow = (sources) => {
      const made = new AbortSignal(KEY);
      for (const source of sources) {
        if (!source.#aborted) continue;
        made.#aborted = true;
        made.#reason = source.#reason;
        return made;
      }
      for (const source of sources) {
        const roots = source.#sources.length > 0 ? source.#sources : source.#isFollower ? [] : [source];
        for (const root of roots) {
          if (made.#sources.includes(root)) continue;
          made.#sources.push(root);
          root.#followers.push(made);
        }
      }
      made.#isFollower = true;
      return made;
    };
    abortSignal = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason;
      const followers = signal.#followers.filter((follower) => !follower.#aborted);
      for (const follower of followers) {
        follower.#aborted = true;
        follower.#reason = reason;
      }
      signal.#followers = [];
      signal.#fire();
      for (const follower of followers) follower.#fire();
    };
  }

  #isFollower = false;

  constructor(key?: unknown) {
    if (key !== KEY) throw new TypeError('Illegal constructor');
    super();
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  get onabort(): ((event: AbortEvent) => unknown) | null {
    return this.#onabort;
  }

  set onabort(value: unknown) {
    const listener = typeof value === 'function' ? (value as (event: AbortEvent) => unknown) : null;
    this.#onabort = listener;
    if (listener === null) {
      if (this.#handler !== undefined) this.#drop(this.#handler);
      this.#handler = undefined;
    } else if (this.#handler === undefined) {
      const call = (event: AbortEvent) => this.#onabort?.call(this, event);
      this.#handler = { type: 'abort', listener: call, capture: false, once: false, isRemoved: false };
      this.#entries.push(this.#handler);
    }
  }

  addEventListener(...args: [type?: unknown, listener?: unknown, options?: unknown]): void {
    if (args.length < 2) throw new TypeError(`2 arguments required, but only ${args.length} present`);
    const type = `${args[0]}`;
    const listener = listenerOf(args[1]);
    const { capture, once, signal } = optionsOf(args[2]);
    if (listener === null || signal?.aborted === true) return;
    if (this.#find(type, listener, capture) !== undefined) return;
    this.#entries.push({ type, listener, capture, once, isRemoved: false });
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener, capture));
  }

  removeEventListener(...args: [type?: unknown, listener?: unknown, options?: unknown]): void {
    if (args.length < 2) throw new TypeError(`2 arguments required, but only ${args.length} present`);
    const listener = listenerOf(args[1]);
    if (listener === null) return;
    const entry = this.#find(`${args[0]}`, listener, optionsOf(args[2]).capture);
    if (entry !== undefined) this.#drop(entry);
  }

  /** An event is any object with a `type`: there is no class Event. */
  dispatchEvent(...args: [event?: unknown]): boolean {
    const [event] = args;
    if (typeof event !== 'object' || event === null || !('type' in event)) {
      throw new TypeError('The "event" argument must be an event');
    }
    this.#dispatch(event as AbortEvent, `${event.type}`);
    return (event as Partial<AbortEvent>).defaultPrevented !== true;
  }

  get [Symbol.toStringTag](): string {
    return 'AbortSignal';
  }

  #find(type: string, listener: Listener, capture: boolean): Entry | undefined {
    return this.#entries.find(
      (entry) => entry.type === type && entry.listener === listener && entry.capture === capture,
    );
  }

  #drop(entry: Entry): void {
    entry.isRemoved = true;
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  #fire(): void {
    const plain = { bubbles: false, cancelable: false, defaultPrevented: false };
    this.#dispatch({ type: 'abort', target: this, currentTarget: this, isTrusted: true, ...plain }, 'abort');
  }

  #dispatch(event: AbortEvent, type: string): void {
    for (const entry of [...this.#entries]) {
      if (entry.type !== type || entry.isRemoved) continue;
      if (entry.once) this.#drop(entry);
      const { listener } = entry;
      try {
        if (typeof listener === 'function') listener.call(this, event);
        else listener.handleEvent(event);
      } catch (error) {
        report(error);
      }
    }
  }
}

function listenerOf(value: unknown): Listener | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'function' && typeof value !== 'object') {
    throw new TypeError('The "listener" argument must be a function or an object');
  }
  return value as Listener;
}

function optionsOf(value: unknown): { capture: boolean; once: boolean; signal: AbortSignal | undefined } {
  if (typeof value !== 'object' || value === null) return { capture: Boolean(value), once: false, signal: undefined };
  const { capture, once, signal } = value as { capture?: unknown; once?: unknown; signal?: unknown };
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError('The "signal" option must be an AbortSignal');
  }
  return { capture: Boolean(capture), once: Boolean(once), signal };
}
