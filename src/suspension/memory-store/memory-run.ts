import type { PostAnswer, StoredMessage } from '../../api/suspension-store.js';
import { MAX_CONSUMED_IDS, MAX_MAILBOX_BYTES, MAX_MESSAGES } from '../check.js';

/** The mailbox of a run in memory, and its last generation. */
export class MemoryRun {
  /** Id of the last generation. */
  current: string;
  /** Generations that are kept. */
  generations = 1;
  readonly #messages = new Map<string, Uint8Array>();
  readonly #consumed = new Set<string>();
  #bytes = 0;

  constructor(current: string) {
    this.current = current;
  }

  /** In the order in which they came. */
  get messages(): StoredMessage[] {
    return [...this.#messages].map(([id, content]) => ({ id, content }));
  }

  get messageIds(): readonly string[] {
    return [...this.#messages.keys()];
  }

  post({ id, content }: StoredMessage): PostAnswer {
    if (this.#messages.has(id) || this.#consumed.has(id)) return 'duplicate';
    if (this.#messages.size >= MAX_MESSAGES || this.#bytes + content.length > MAX_MAILBOX_BYTES) return 'full';
    this.#messages.set(id, content);
    this.#bytes += content.length;
    return 'accepted';
  }

  consume(ids: readonly string[]): void {
    for (const id of ids) {
      const content = this.#messages.get(id);
      if (content === undefined) continue;
      this.#messages.delete(id);
      this.#bytes -= content.length;
      this.#consumed.add(id);
    }
    for (const id of this.#consumed) {
      if (this.#consumed.size <= MAX_CONSUMED_IDS) break;
      this.#consumed.delete(id);
    }
  }
}
