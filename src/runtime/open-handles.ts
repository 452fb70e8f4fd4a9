/** What was opened and not closed, and where: by a number that the closing gives back. */
const open = new Map<number, string>();
let opened = 0;
let isListening = false;

/**
 * Notes that something was made that has to be closed: a process that comes to its end with it still open says so, once.
 *
 * @param what is to be done, and with what: `'runtime: shutdown()'`
 * @returns to be called when it is closed
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
  const ours = new URL('.', import.meta.url).href;
  const [, ...frames] = new Error().stack?.split('\n') ?? [];
  const frame = frames.find((line) => !line.includes(ours) && !line.includes('node:'));
  return frame?.trim() ?? 'at an unknown place';
}

/** The process has nothing left to do, so nobody will close them any more. */
function report(): void {
  for (const [id, what] of open) {
    open.delete(id);
    process.emitWarning(`The process ends with something open. Call ${what}.`, {
      type: 'NexusWarning',
      code: 'NEXUS_NOT_CLOSED',
      detail:
        'Handlers that wait in memory are lost, and compiled handlers may not be on disk. `await using` closes by itself.',
    });
  }
}
