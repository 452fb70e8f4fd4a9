import type { EndView, RunEvent, RunRequest, StepView } from '../../playground/contract.js';
import { request } from '../shared/api.js';
import { readEvents } from '../shared/events.js';

/** One run, as far as it is known. */
export interface Trace {
  readonly filename: string;
  readonly code: string;
  readonly steps: readonly StepView[];
  readonly end?: EndView;
  /** Why there was no run. */
  readonly refused?: string;
  readonly isRunning: boolean;
}

/** Runs handlers, one at a time, and tells how far they are. */
export class Runner {
  readonly #onChange: (trace: Trace) => void;
  #running: AbortController | undefined;

  constructor(onChange: (trace: Trace) => void) {
    this.#onChange = onChange;
  }

  stop(): void {
    this.#running?.abort();
  }

  /** Runs it, in place of what is running. @throws RequestRefusal */
  async run(input: RunRequest): Promise<void> {
    this.stop();
    const own = new AbortController();
    this.#running = own;
    const { code, filename } = input;
    let trace: Trace = { code, filename, steps: [], isRunning: true };
    const change = (more: Partial<Trace>) => {
      if (this.#running !== own) return;
      trace = { ...trace, ...more };
      this.#onChange(trace);
    };
    change({});
    const onEvent = (_: string, data: unknown) => {
      const event = data as RunEvent;
      if (event.kind === 'step') change({ steps: [...trace.steps, event.step] });
      else if (event.kind === 'end') change({ end: event.end, isRunning: false });
      else change({ refused: event.message, isRunning: false });
    };
    try {
      const { body } = await request('playground/run', { method: 'POST', body: input, signal: own.signal });
      if (body !== null) await readEvents(body, onEvent);
      if (trace.isRunning) change({ isRunning: false, refused: 'The server ended the run. Its terminal says why.' });
    } catch (error) {
      if (own.signal.aborted) change({ isRunning: false });
      else {
        change({ isRunning: false, refused: error instanceof Error ? error.message : String(error) });
      }
    }
  }
}
