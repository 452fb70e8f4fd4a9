let warned = false;

/** Tells a listener of the application's own. One that throws is reported once and harms nobody. */
export function tell<T>(listener: (event: T) => void, events: readonly T[]): void {
  try {
    for (const event of events) listener(event);
  } catch (error) {
    if (warned) return;
    warned = true;
    process.emitWarning(`An observer threw, which is ignored: ${String(error)}`, 'NexusWarning');
  }
}
