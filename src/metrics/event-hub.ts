import { type Channel, channel } from 'node:diagnostics_channel';

import type { EventName, EventOf, RuntimeObserver } from '../api/observing/observer.js';
import { OBSERVER_KEYS } from '../config/observer-keys.js';
import { callListener, warnOfIgnored } from '../support/call-listener.js';

const CHANNEL_PREFIX = 'nexus-runtime:';

const EVENT_NAMES = Object.keys(OBSERVER_KEYS) as EventName[];

/** Passes events to the application's observer and to the subscribers of their channels. */
export class EventHub {
  readonly #observer: RuntimeObserver;
  readonly #channels: Readonly<Record<EventName, Channel>>;
  readonly #reported = new Set<EventName>();

  constructor(observer: RuntimeObserver) {
    this.#observer = observer;
    const channels = EVENT_NAMES.map((name) => [name, channel(CHANNEL_PREFIX + name)]);
    this.#channels = Object.fromEntries(channels) as Record<EventName, Channel>;
  }

  /** Whether there is a listener: if not, the event need not be created. */
  hasListeners(name: EventName): boolean {
    return this.#observer[name] !== undefined || this.#channels[name].hasSubscribers;
  }

  /** @param make is called once, if there is a listener */
  emit<Name extends EventName>(name: Name, make: () => EventOf<Name>): void {
    if (this.hasListeners(name)) this.#notify(name, make());
  }

  /** @param make is called once, if there is a listener */
  emitAll<Name extends EventName>(name: Name, make: () => readonly EventOf<Name>[]): void {
    if (!this.hasListeners(name)) return;
    for (const event of make()) this.#notify(name, event);
  }

  #notify<Name extends EventName>(name: Name, event: EventOf<Name>): void {
    const events = this.#channels[name];
    if (events.hasSubscribers) events.publish(event);
    const observer = this.#observer as Readonly<Partial<Record<Name, (event: EventOf<Name>) => unknown>>>;
    callListener(
      () => observer[name]?.(event),
      (error) => this.#report(name, error),
    );
  }

  /** Once for each listener, because it would throw again and again. */
  #report(name: EventName, error: unknown): void {
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    warnOfIgnored(`observer.${name}`, error);
  }
}
