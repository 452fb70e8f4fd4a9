import { NexusError } from '../../errors/nexus-error.js';
import { DEFAULT_ENTRY } from '../../source/forms/entries.js';

/** Names in a message; the error's context has all of them. */
const MAX_NAMED = 20;

/**
 * @param entries of the handler; undefined if it is a body
 * @param chosen the option `entry`
 * @throws NexusError INVALID_ARGUMENT if the handler has no such entry point
 */
export function requireEntry(entries: readonly string[] | undefined, chosen: string | undefined): void {
  if (entries?.includes(chosen ?? DEFAULT_ENTRY)) return;
  if (entries === undefined) {
    const message =
      'The option entry chooses an export of a module, and this handler is the body of a function: leave the option out, or export functions.';
    throw new NexusError('INVALID_ARGUMENT', message, { context: { field: 'entry', value: chosen } });
  }
  const named = entries.slice(0, MAX_NAMED).map((name) => JSON.stringify(name));
  const all = `${named.join(', ')}${entries.length > MAX_NAMED ? ', …' : ''}`;
  const message =
    chosen === undefined
      ? `The handler has no default export, so the option entry must choose one of its exports: ${all}.`
      : `The handler exports no ${JSON.stringify(chosen)}; the option entry can be ${all}.`;
  throw new NexusError('INVALID_ARGUMENT', message, { context: { field: 'entry', value: chosen, entries } });
}
