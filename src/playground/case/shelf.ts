import { randomUUID } from 'node:crypto';

import { NexusError } from '../../errors/nexus-error.js';
import type { Recording } from '../../testing/recording/recording.js';

/** Enough to go back to what was looked at a while ago. */
const MAX_RECORDINGS = 50;

/** The recordings of the last runs, in memory. */
export class Shelf {
  readonly #recordings = new Map<string, Recording>();

  /** @returns its id */
  put(recording: Recording): string {
    const id = randomUUID();
    this.#recordings.set(id, recording);
    for (const oldest of this.#recordings.keys()) {
      if (this.#recordings.size <= MAX_RECORDINGS) break;
      this.#recordings.delete(oldest);
    }
    return id;
  }

  /** @throws NexusError INVALID_ARGUMENT if it is not kept any more */
  get(id: string): Recording {
    const recording = this.#recordings.get(id);
    if (recording !== undefined) return recording;
    throw new NexusError(
      'INVALID_ARGUMENT',
      `This run is not kept any more; the last ${MAX_RECORDINGS} are. Run the handler again.`,
      { context: { field: 'recording' } },
    );
  }
}
