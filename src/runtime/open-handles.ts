import { located } from '../support/located.js';

/** Objects that were opened and not closed, with the place where they were opened, by a number. */
const open = new Map<number, string>();
let opened = 0;
let isListening = false;

/**
 * Registers an object that must be closed. If the process ends while it is open, a warning is issued once.
 *
 * @param what the call that closes it: `'shutdown() of the runtime'`
 * @returns a function to call when the object is closed
 */
export function noteOpen(what: string): () => void {
  if (!isListening) {
    isListening = true;
    process.on('beforeExit', report);
  }
  const id = opened++;
  open.set(id, `${what}, made ${callerOfLibrary()}`);
  return () => void open.delete(id);
}

function callerOfLibrary(): string {
  const ours = located(() => {
    return new URL('.', import.meta.url);
  });
  const [, ...frames] = new Error().stack?.split('\n') ?? [];
  const frame = frames.find((line) => !line.includes(ours.href) && !line.includes('node:'));
  return frame?.trim() ?? 'at an unknown place';
}

/** Called when the process has nothing left to do, so the open objects will never be closed. */
function report(): void {
  for (const [id, what] of open) {
    open.delete(id);
    process.emitWarning(`The process ends with something open. Call ${what}.`, {
      type: 'NexusWarning',
      code: 'NEXUS_NOT_CLOSED',
      detail:
        'Handlers that wait in memory are lost, and compiled handlers may not be on disk. `await using` closes automatically.',
    });
  }
}
