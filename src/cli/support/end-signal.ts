import { EXIT } from '../exit-codes.js';

/** Resolves at the first signal; the second one ends the process. */
export function endSignal(note: (text: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let isEnding = false;
    const onSignal = () => {
      if (isEnding) process.exit(EXIT.interrupted);
      isEnding = true;
      note('Shutting down; again to end at once.');
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
