import type { StateMutation } from '../../api/result.js';
import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { plain } from '../calls/journal.js';

/** The values that programs of one conversation keep. They are data that JSON can write. */
export class SessionState {
  readonly #maxCharacters: number;
  #values: Readonly<Record<string, unknown>> = {};

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  get values(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  /** @throws NexusError INVALID_ARGUMENT, RESOURCE_LIMIT */
  replace(values: unknown): void {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw invalidArgument('session.state', values, 'an object');
    }
    this.#take(values as Readonly<Record<string, unknown>>);
  }

  /** @throws NexusError RESOURCE_LIMIT: then nothing is changed */
  apply(mutations: readonly StateMutation[]): void {
    if (mutations.length === 0) return;
    const values = new Map(Object.entries(this.#values));
    for (const { operation, key, value } of mutations) {
      if (operation === 'delete') values.delete(key);
      else values.set(key, value);
    }
    this.#take(Object.fromEntries(values));
  }

  #take(values: Readonly<Record<string, unknown>>): void {
    let text: string;
    try {
      text = JSON.stringify(values, plain);
    } catch {
      throw new NexusError('INVALID_ARGUMENT', 'session.state cannot be written as JSON: it has a cycle.', {
        context: { field: 'session.state' },
      });
    }
    if (text.length > this.#maxCharacters) {
      const message = `session.state has ${text.length} characters as JSON, at most ${this.#maxCharacters} are kept (maxStateCharacters): keep less, or ids in place of values.`;
      throw new NexusError('RESOURCE_LIMIT', message, {
        context: { limit: 'maxStateCharacters', value: this.#maxCharacters, characters: text.length },
      });
    }
    // A copy, as it comes back from where the session is kept.
    this.#values = JSON.parse(text) as Readonly<Record<string, unknown>>;
  }
}
